using System.Diagnostics;
using Nestegg.Ente;

namespace Nestegg.Stores.Local;

/// <summary>
/// One listing of a local store, in the order of the keys. A folder that may not be listed keeps none of the others from being listed.
/// Holds the names of one folder at each level while it is walked: with 10^7 objects some 40,000. A folder that lies deeper than any item
/// does is listed as one item of no length.
/// </summary>
/// <param name="left">A folder below the root that is no part of the store.</param>
internal sealed class FolderListing(string root, string left, CancellationToken cancellationToken)
{
    // Each folder is entered from the root, level by level: what somebody nests a thousand deep would take a million steps.
    private const int MostLevels = 8;

    private NesteggException? failure;

    /// <param name="folderKey">Ends in a slash unless it is the root, which is empty.</param>
    public IEnumerable<StoreItem> Walk(string folderKey, string namePrefix)
    {
        Debug.Assert(folderKey.Length == 0 || folderKey[^1] == '/', "A key is the folder's and a name behind it.");
        Debug.Assert(!namePrefix.Contains('/'), "Names within the folder are compared with it.");
        foreach (var entry in EntriesOf(folderKey).Where(entry => entry.Name.StartsWith(namePrefix, StringComparison.Ordinal)))
        {
            if (!entry.IsFolder)
            {
                yield return new StoreItem(folderKey + entry.Name, entry.SizeBytes, entry.ModifiedAt);
            }
            else if (folderKey.AsSpan().Count('/') == MostLevels)
            {
                // Nothing that a store is for lies so deep.
                yield return new StoreItem(folderKey + entry.Name[..^1], 0, entry.ModifiedAt);
            }
            else if (folderKey.Length > 0 || entry.Name != left + "/")
            {
                foreach (var item in Walk(folderKey + entry.Name, ""))
                {
                    yield return item;
                }
            }
        }
    }

    /// <summary>The folders on the second level in which there is nothing; their keys end in a slash.</summary>
    public IEnumerable<StoreItem> EmptyFolders()
    {
        foreach (var top in EntriesOf("").Where(entry => entry.IsFolder && entry.Name != left + "/"))
        {
            foreach (var folder in EntriesOf(top.Name).Where(entry => entry.IsFolder))
            {
                if (EmptiedAt(top.Name + folder.Name) is { } emptiedAt)
                {
                    yield return new StoreItem(top.Name + folder.Name, 0, emptiedAt);
                }
            }
        }
    }

    /// <exception cref="NesteggException">A folder could not be listed.</exception>
    public void ThrowIfIncomplete()
    {
        if (failure is not null)
        {
            throw failure;
        }
    }

    /// <returns><see langword="null"/> when something is in it.</returns>
    private DateTime? EmptiedAt(string folderKey)
    {
        cancellationToken.ThrowIfCancellationRequested();
        try
        {
            return LocalFailure.Guard<DateTime?>("list", Path.Combine(root, folderKey), root, () =>
            {
                using var folder = HeldFolder.TryOpen(root, folderKey);
                return folder is null || Directory.EnumerateFileSystemEntries(folder.Path).Any()
                    ? null
                    : folder.ModifiedAt;
            });
        }
        catch (NesteggException unreadable) when (unreadable.IsOfOneItem)
        {
            failure ??= unreadable;
            return null;
        }
    }

    private List<FolderEntry> EntriesOf(string folderKey)
    {
        cancellationToken.ThrowIfCancellationRequested();
        try
        {
            return LocalFailure.Guard("list", Path.Combine(root, folderKey), root, () =>
            {
                using var folder = HeldFolder.TryOpen(root, folderKey);
                return folder is null ? [] : FolderEntry.In(folder, cancellationToken);
            });
        }
        catch (NesteggException unreadable) when (unreadable.IsOfOneItem)
        {
            failure ??= unreadable;
            return [];
        }
    }
}

using System.IO.Enumeration;
using Nestegg.Ente;

namespace Nestegg.Stores.Local;

/// <summary>
/// One listing of a local store, in the order of the keys. A folder that may not be listed keeps none of the others from being listed.
/// Holds the names of one folder at each level while it is walked: with 10^7 objects some 40,000.
/// </summary>
/// <param name="left">A folder below the root that is no part of the store.</param>
internal sealed class FolderListing(string root, string left)
{
    private static readonly EnumerationOptions Everything = new() { AttributesToSkip = 0, IgnoreInaccessible = false };

    // What .NET says of a file that was deleted since its folder was read.
    private static readonly DateTime Never = DateTime.FromFileTimeUtc(0);

    private NesteggException? failure;

    // A folder's name ends in a slash, as it does in the keys, so that the order is that of whole keys.
    private readonly record struct Entry(string Name, bool IsFolder, long SizeBytes, DateTime ModifiedAt);

    /// <param name="folderKey">Ends in a slash unless it is the root, which is empty.</param>
    public IEnumerable<StoreItem> Walk(string folderKey, string namePrefix)
    {
        foreach (var entry in EntriesOf(folderKey, namePrefix))
        {
            if (!entry.IsFolder)
            {
                yield return new StoreItem(folderKey + entry.Name, entry.SizeBytes, entry.ModifiedAt);
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

    /// <exception cref="NesteggException">A folder could not be listed.</exception>
    public void ThrowIfIncomplete()
    {
        if (failure is not null)
        {
            throw failure;
        }
    }

    private List<Entry> EntriesOf(string folderKey, string namePrefix)
    {
        try
        {
            return LocalFailure.Guard("list", Path.Combine(root, folderKey), root, () => Read(folderKey, namePrefix));
        }
        catch (NesteggException unreadable) when (unreadable.IsOfOneItem)
        {
            failure ??= unreadable;
            return [];
        }
    }

    // A link to a folder is not walked: it is listed as an item, which nobody knows.
    private List<Entry> Read(string folderKey, string namePrefix)
    {
        using var folder = HeldFolder.TryOpen(root, folderKey);
        if (folder is null)
        {
            return [];
        }

        var entries = new FileSystemEnumerable<Entry>(
            folder.Path,
            (ref FileSystemEntry entry) => entry.IsDirectory && new FileInfo(entry.ToFullPath()).LinkTarget is null
                ? new Entry(entry.FileName.ToString() + "/", true, 0, default)
                : new Entry(entry.FileName.ToString(), false, entry.Length, entry.LastWriteTimeUtc.UtcDateTime),
            Everything)
        {
            ShouldIncludePredicate = (ref FileSystemEntry entry) => entry.FileName.StartsWith(namePrefix, StringComparison.Ordinal),
        }.Where(entry => entry.IsFolder || entry.ModifiedAt != Never).ToList();
        entries.Sort((a, b) => string.CompareOrdinal(a.Name, b.Name));
        return entries;
    }
}

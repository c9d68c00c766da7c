using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using Nestegg.Stores.Local;

namespace Nestegg.Stores.Local;

/// <summary>
/// A store in a folder. Content waits in <c>tmp/</c> and is renamed into place, so an item is there whole or not at all.
/// Folders are made with mode 0700 and files with 0600: a backup is its owner's business.
/// </summary>
public sealed class LocalStore : IStore
{
    private const string WaitingFolder = "tmp";
    private const UnixFileMode FolderMode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private static readonly TimeSpan LeftoverAge = TimeSpan.FromDays(1);

    private readonly TimeProvider time;
    private readonly Lock preparation = new();

    // Folders that this process has seen or made: some 500 of them, two for each pair of hexadecimal digits, and one a snapshot.
    private readonly ConcurrentDictionary<string, bool> knownFolders = new(StringComparer.Ordinal);
    private bool prepared;

    /// <summary>Nothing is touched before the first call; reading never writes, so a read-only folder can be read.</summary>
    /// <param name="root">
    /// The folder. It must exist: an empty mount point that lost its disk must not become a new repository by itself.
    /// </param>
    public LocalStore(string root, TimeProvider? time = null)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(root);
        Location = Path.TrimEndingDirectorySeparator(Path.GetFullPath(root));
        this.time = time ?? TimeProvider.System;
    }

    public string Location { get; }

    public string PlaceId => $"{Location} {Volume.Of(Location)}";

    public bool IsListingFree => true;

    /// <summary>Makes the folder if it is absent, as <c>init</c> does.</summary>
    public static LocalStore Create(string root, TimeProvider? time = null)
    {
        var store = new LocalStore(root, time);
        LocalFailure.Guard("make", store.Location, store.Location, () => MakeFolder(store.Location));
        return store;
    }

    public Task<StoreWriter> CreateAsync(long expectedBytes, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Prepare();
        var path = Path.Combine(Location, WaitingFolder, RandomNumberGenerator.GetHexString(32, lowercase: true));
        return Task.FromResult<StoreWriter>(LocalFailure.Guard("write", path, Location, () => new LocalWriter(this, path, expectedBytes)));
    }

    public Task<Stream?> TryOpenAsync(string key, long offset, long? length, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        cancellationToken.ThrowIfCancellationRequested();
        var path = PathOf(key);
        return Task.FromResult(LocalFailure.Guard<Stream?>("read", path, Location, () =>
        {
            if (!Exists(path))
            {
                return null;
            }

            var handle = File.OpenHandle(
                path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete,
                FileOptions.Asynchronous | FileOptions.SequentialScan);
            return new LocalReader(handle, path, Location, offset, length);
        }));
    }

    public Task<long?> TryGetSizeAsync(string key, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var path = PathOf(key);
        return Task.FromResult(LocalFailure.Guard<long?>("read", path, Location, () => Exists(path) ? new FileInfo(path).Length : null));
    }

    public async IAsyncEnumerable<StoreItem> ListAsync(string prefix, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var cut = prefix.LastIndexOf('/') + 1;
        if (cut > 0)
        {
            StoreKey.Check(prefix[..(cut - 1)]);
        }

        var listing = new FolderListing(Location, WaitingFolder);
        foreach (var item in listing.Walk(prefix[..cut], prefix[cut..]))
        {
            cancellationToken.ThrowIfCancellationRequested();
            yield return item;
        }

        listing.ThrowIfIncomplete();
        await Task.CompletedTask;
    }

    public Task DeleteAsync(string key, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var path = PathOf(key);
        LocalFailure.Guard("delete", path, Location, () =>
        {
            if (Exists(path))
            {
                File.Delete(path);
                RemoveIfEmpty(key, Path.GetDirectoryName(path)!);
            }
        });
        return Task.CompletedTask;
    }

    public async IAsyncEnumerable<UnfinishedItem> ListUnfinishedAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var listing = new FolderListing(Location, "");
        foreach (var item in listing.Walk(WaitingFolder + "/", ""))
        {
            cancellationToken.ThrowIfCancellationRequested();
            yield return new UnfinishedItem(item.Key, null, item.SizeBytes, item.ModifiedAt);
        }

        listing.ThrowIfIncomplete();
        await Task.CompletedTask;
    }

    public Task RemoveUnfinishedAsync(UnfinishedItem item, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var path = Path.Combine(Location, item.Id);
        LocalFailure.Guard("delete", path, Location, () => File.Delete(path));
        return Task.CompletedTask;
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    /// <summary>Moves a finished, flushed file to its key and makes the move durable. Blocks; the caller has a thread for it.</summary>
    internal void Place(string waitingPath, string key)
    {
        var path = PathOf(key);
        var folder = Path.GetDirectoryName(path)!;
        EnsureFolder(folder);
        File.Move(waitingPath, path, overwrite: true);
        FolderSync.Flush(folder);
    }

    private string PathOf(string key)
    {
        StoreKey.Check(key);
        if (key == WaitingFolder || key.StartsWith(WaitingFolder + "/", StringComparison.Ordinal))
        {
            throw new ArgumentException($"'{WaitingFolder}/' holds what is not yet an item", nameof(key));
        }

        return Path.Combine(Location, key);
    }

    // An absent item is only an answer while the store itself is there; else every object would look lost when a disk is not mounted.
    private bool Exists(string path)
    {
        if (File.Exists(path))
        {
            return true;
        }

        CheckRoot();
        CheckSearchable(Path.GetDirectoryName(path)!);
        return false;
    }

    // The folder of a snapshot goes with its last file. Those of the first level stay, because others write there.
    private void RemoveIfEmpty(string key, string folder)
    {
        if (key.Count(c => c == '/') >= 2 && !Directory.EnumerateFileSystemEntries(folder).Any())
        {
            knownFolders.TryRemove(folder, out _);
            Directory.Delete(folder);
        }
    }

    private void CheckRoot() => CheckFolder(Location);

    private static void CheckFolder(string folder)
    {
        if (!Directory.Exists(folder))
        {
            throw new DirectoryNotFoundException($"{folder} is not there");
        }
    }

    // File.Exists says no as well when a folder on the way may not be entered; asking for the attributes tells the two apart.
    private static void CheckSearchable(string folder)
    {
        try
        {
            _ = File.GetAttributes(Path.Combine(folder, "."));
        }
        catch (Exception absent) when (absent is FileNotFoundException or DirectoryNotFoundException)
        {
            return;
        }
    }

    private void Prepare()
    {
        if (Volatile.Read(ref prepared))
        {
            return;
        }

        lock (preparation)
        {
            if (prepared)
            {
                return;
            }

            var folder = Path.Combine(Location, WaitingFolder);
            LocalFailure.Guard("write", folder, Location, () =>
            {
                CheckRoot();
                MakeFolder(folder);
                RemoveLeftovers(folder);
            });
            Volatile.Write(ref prepared, true);
        }
    }

    // What a crash left behind. Younger files may belong to another process that is still writing.
    private void RemoveLeftovers(string folder)
    {
        var limit = time.GetUtcNow() - LeftoverAge;
        foreach (var file in new DirectoryInfo(folder).EnumerateFiles())
        {
            if (file.LastWriteTimeUtc < limit.UtcDateTime)
            {
                file.Delete();
            }
        }
    }

    private void EnsureFolder(string folder)
    {
        if (folder.Length <= Location.Length || knownFolders.ContainsKey(folder))
        {
            return;
        }

        var parent = Path.GetDirectoryName(folder)!;
        EnsureFolder(parent);
        if (!Directory.Exists(folder))
        {
            // Making a folder makes its parents as well, and so the root of a disk that is gone, or a folder upon its empty mount point.
            CheckFolder(Path.Combine(Location, WaitingFolder));
            MakeFolder(folder);
            FolderSync.Flush(parent);
        }

        knownFolders[folder] = true;
    }

    private static void MakeFolder(string folder)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(folder);
        }
        else
        {
            Directory.CreateDirectory(folder, FolderMode);
        }
    }
}

using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using Nestegg.Ente;
using Nestegg.Ente.Scratch;

namespace Nestegg.Stores.Local;

/// <summary>
/// A store in a folder. Content waits in <c>tmp/</c> and is renamed into place, so an item is there whole or not at all.
/// Folders are made with mode 0700 and files with 0600: a backup is its owner's business.
/// The folder itself may be a link; below it none is followed (<see cref="HeldFolder"/>), so nothing in it leads anywhere else.
/// </summary>
public sealed class LocalStore : IStore
{
    private const string WaitingFolder = "tmp";
    private const UnixFileMode FolderMode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private static readonly TimeSpan LeftoverAge = TimeSpan.FromDays(1);

    private readonly TimeProvider time;
    private readonly Lock preparation = new();
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
        var name = RandomNumberGenerator.GetHexString(32, lowercase: true);
        return Task.FromResult<StoreWriter>(LocalFailure.Guard("write", WaitingPath(name), Location, () =>
        {
            using var waiting = OpenWaiting();
            return new LocalWriter(this, name, new BlockFile(waiting.PathOf(name), FileMode.CreateNew, expectedBytes));
        }));
    }

    public Task<Stream?> TryOpenAsync(string key, long offset, long? length, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        cancellationToken.ThrowIfCancellationRequested();
        var path = PathOf(key);
        return Task.FromResult(LocalFailure.Guard<Stream?>("read", path, Location, () =>
        {
            var file = HeldFolder.TryOpenFile(Location, key);
            return file is null ? null : new LocalReader(file, path, Location, offset, length);
        }));
    }

    public Task<long?> TryGetSizeAsync(string key, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var path = PathOf(key);
        return Task.FromResult(LocalFailure.Guard<long?>("read", path, Location, () =>
        {
            using var file = HeldFolder.TryOpenFile(Location, key);
            return file is null ? null : RandomAccess.GetLength(file);
        }));
    }

    public async IAsyncEnumerable<StoreItem> ListAsync(string prefix, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var cut = prefix.LastIndexOf('/') + 1;
        if (cut > 0)
        {
            StoreKey.Check(prefix[..(cut - 1)]);
        }

        var listing = new FolderListing(Location, WaitingFolder, cancellationToken);
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
            using var folder = HeldFolder.TryOpen(Location, FolderOf(key));
            var file = folder is null ? null : new FileInfo(folder.PathOf(NameOf(key)));
            if (file is { Exists: true } or { LinkTarget: not null })
            {
                File.Delete(file.FullName);
                RemoveIfEmpty(folder!, FolderOf(key));
            }
        });
        return Task.CompletedTask;
    }

    public async IAsyncEnumerable<UnfinishedItem> ListUnfinishedAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var waiting = new FolderListing(Location, "", cancellationToken);
        foreach (var item in waiting.Walk(WaitingFolder + "/", ""))
        {
            cancellationToken.ThrowIfCancellationRequested();
            yield return new UnfinishedItem(item.Key, null, item.SizeBytes, item.ModifiedAt);
        }

        // A folder is made for its first item.
        var made = new FolderListing(Location, WaitingFolder, cancellationToken);
        foreach (var folder in made.EmptyFolders())
        {
            yield return new UnfinishedItem(folder.Key, folder.Key, folder.SizeBytes, folder.ModifiedAt);
        }

        waiting.ThrowIfIncomplete();
        made.ThrowIfIncomplete();
        await Task.CompletedTask;
    }

    public Task RemoveUnfinishedAsync(UnfinishedItem item, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var path = Path.Combine(Location, item.Id);
        LocalFailure.Guard("delete", path, Location, () =>
        {
            var name = item.Id.TrimEnd('/');
            using var folder = HeldFolder.TryOpen(Location, FolderOf(name));
            if (folder is not null && name == item.Id)
            {
                File.Delete(folder.PathOf(NameOf(name)));
            }
            else if (folder is not null && Directory.Exists(folder.PathOf(NameOf(name))))
            {
                Directory.Delete(folder.PathOf(NameOf(name)));
            }
        });
        return Task.CompletedTask;
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    /// <summary>Moves a finished, flushed file to its key and makes the move durable. Blocks; the caller has a thread for it.</summary>
    /// <param name="name">In the folder for what waits.</param>
    internal void Place(string name, string key)
    {
        _ = PathOf(key);

        // Opened first: making a folder must not begin a new repository upon the empty mount point of a disk that is gone.
        using var waiting = OpenWaiting();
        using var folder = HeldFolder.Make(Location, FolderOf(key), FolderMode);
        File.Move(waiting.PathOf(name), folder.PathOf(NameOf(key)), overwrite: true);
        folder.Flush();
    }

    /// <summary>What a person calls a file that waits.</summary>
    internal string WaitingPath(string name) => Path.Combine(Location, WaitingFolder, name);

    /// <summary>Removes a file that nobody gets, or leaves it to a later run.</summary>
    internal void Discard(string name)
    {
        try
        {
            using var waiting = OpenWaiting();
            Leftover.Remove(waiting.PathOf(name));
        }
        catch (Exception failure) when (LocalFailure.IsOfFileSystem(failure))
        {
            // The failure that made it a leftover is the one to tell.
        }
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

    private static string FolderOf(string key) => key[..(key.LastIndexOf('/') + 1)];

    private static string NameOf(string key) => key[(key.LastIndexOf('/') + 1)..];

    private HeldFolder OpenWaiting() => HeldFolder.TryOpen(Location, WaitingFolder)
        ?? throw new DirectoryNotFoundException($"{Path.Combine(Location, WaitingFolder)} is not there");

    // The folder of a snapshot goes with its last file. Those of the first level stay, because others write there.
    private void RemoveIfEmpty(HeldFolder folder, string key)
    {
        var name = key.TrimEnd('/');
        if (name.Contains('/') && !Directory.EnumerateFileSystemEntries(folder.Path).Any())
        {
            using var parent = HeldFolder.TryOpen(Location, FolderOf(name));
            Directory.Delete(parent!.PathOf(NameOf(name)));
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

            LocalFailure.Guard("write", Path.Combine(Location, WaitingFolder), Location, () =>
            {
                using var waiting = HeldFolder.Make(Location, WaitingFolder, FolderMode);
                RemoveLeftovers(waiting.Path);
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

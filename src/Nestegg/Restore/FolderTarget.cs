using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;
using Nestegg.Ente;
using Nestegg.Ente.Objects;
using Nestegg.Ente.Scratch;
using Nestegg.Repositories.Files;
using Nestegg.Repositories.Index;
using Nestegg.Stores.Local;

namespace Nestegg.Restore;

/// <summary>
/// A folder that gets each object as a file under its key. What is there with the same content is left alone; anything else is never
/// replaced.
/// </summary>
internal sealed class FolderTarget(string folder) : IObjectTarget
{
    private const UnixFileMode FolderMode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private readonly string folder = Path.GetFullPath(folder);

    // Made once: when it is gone later, its disk is, and it must not be made anew on another.
    private readonly Lazy<DirectoryInfo> made = new(() => Directory.CreateDirectory(folder));

    public Task<IReadOnlyDictionary<string, SlotNames>> PlacesOfAsync(IReadOnlyList<IndexRow> rows, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyDictionary<string, SlotNames>>(new Dictionary<string, SlotNames>());

    public async Task<PutResult> PutAsync(
        IndexRow row, SlotNames place, Func<CancellationToken, Task<Stream>> open, CancellationToken cancellationToken)
    {
        // A key is data from a database: it may not lead out of the folder.
        var path = Path.GetFullPath(Path.Join(folder, row.Key));
        if (!path.StartsWith(folder + Path.DirectorySeparatorChar, StringComparison.Ordinal) || row.Key.EndsWith('/'))
        {
            return new PutResult(0, Refused(row, "its key is no path inside a folder"));
        }

        try
        {
            _ = made.Value;
            var name = Path.GetFileName(path);
            using var parent = HeldFolder.Make(folder, Path.GetRelativePath(folder, Path.GetDirectoryName(path)!), FolderMode);
            using var present = parent.TryOpenFile(name);
            if (present is not null)
            {
                return await HashAsync(present, cancellationToken) == row.Hash
                    ? new PutResult(0, null)
                    : new PutResult(0, Refused(row, $"{path} is there with another content"));
            }

            await WriteAsync(parent, name, row.SizeBytes, open, cancellationToken);
            return new PutResult(1, null);
        }
        catch (StrangeEntryException strange)
        {
            return new PutResult(0, Refused(row, strange.Message));
        }
        catch (Exception failure) when (LocalFailure.IsOfFileSystem(failure))
        {
            throw LocalFailure.Explain("write", path, folder, failure);
        }
    }

    private static async Task WriteAsync(
        HeldFolder parent, string name, long sizeBytes, Func<CancellationToken, Task<Stream>> open, CancellationToken cancellationToken)
    {
        var temporary = parent.PathOf(name + ".nestegg-part");
        try
        {
            // One that a killed run left; were it a link, what is written would be elsewhere.
            File.Delete(temporary);
            await FillAsync(temporary, sizeBytes, open, cancellationToken);

            // By its name once more: when its disk has been taken away meanwhile, the object is not where it was to go.
            using var place = parent.OpenAgain();
            File.Move(temporary, place.PathOf(name));
        }
        catch
        {
            Leftover.Remove(temporary);
            throw;
        }
    }

    private static async Task FillAsync(
        string path, long sizeBytes, Func<CancellationToken, Task<Stream>> open, CancellationToken cancellationToken)
    {
        using var file = new BlockFile(path, FileMode.CreateNew, sizeBytes);
        await using var content = await open(cancellationToken);
        while (await content.ReadAsync(file.MakeRoom(), cancellationToken) is > 0 and var count)
        {
            file.Advance(count);
        }

        file.Finish();
    }

    private static async Task<ObjectHash> HashAsync(SafeFileHandle file, CancellationToken cancellationToken)
    {
        await using var content = new FileStream(file, FileAccess.Read, bufferSize: 0);
        return new ObjectHash(await SHA256.HashDataAsync(content, cancellationToken));
    }

    private static Finding Refused(IndexRow row, string why) =>
        new("object-not-written", Severity.Error, row.Key, $"{row.Key} was not written: {why}.", "Name an empty folder with --objects-to.");
}

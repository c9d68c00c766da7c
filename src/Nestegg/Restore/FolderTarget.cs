using System.Security.Cryptography;
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
    private readonly string folder = Path.GetFullPath(folder);
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
            if (File.Exists(path))
            {
                return await HashAsync(path, cancellationToken) == row.Hash
                    ? new PutResult(0, null)
                    : new PutResult(0, Refused(row, $"{path} is there with another content"));
            }

            MakeFolder(Path.GetDirectoryName(path)!);
            await WriteAsync(path, row.SizeBytes, open, cancellationToken);
            return new PutResult(1, null);
        }
        catch (Exception failure) when (LocalFailure.IsOfFileSystem(failure))
        {
            throw LocalFailure.Explain("write", path, folder, failure);
        }
    }

    // The root is made once: when it is gone later, its disk is, and it must not be made anew on another.
    private void MakeFolder(string below)
    {
        _ = made.Value;
        if (!Directory.Exists(folder))
        {
            throw new DirectoryNotFoundException($"{folder} is not there");
        }

        Directory.CreateDirectory(below);
    }

    private static async Task WriteAsync(
        string path, long sizeBytes, Func<CancellationToken, Task<Stream>> open, CancellationToken cancellationToken)
    {
        var temporary = path + ".nestegg-part";
        try
        {
            await FillAsync(temporary, sizeBytes, open, cancellationToken);
            File.Move(temporary, path);
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
        using var file = new BlockFile(path, FileMode.Create, sizeBytes);
        await using var content = await open(cancellationToken);
        while (await content.ReadAsync(file.MakeRoom(), cancellationToken) is > 0 and var count)
        {
            file.Advance(count);
        }

        file.Finish();
    }

    private static async Task<ObjectHash> HashAsync(string path, CancellationToken cancellationToken)
    {
        await using var file = File.OpenRead(path);
        return new ObjectHash(await SHA256.HashDataAsync(file, cancellationToken));
    }

    private static Finding Refused(IndexRow row, string why) =>
        new("object-not-written", Severity.Error, row.Key, $"{row.Key} was not written: {why}.", "Name an empty folder with --objects-to.");
}

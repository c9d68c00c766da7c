using System.Diagnostics;
using System.Text.Json;
using Nestegg.Ente.Accounts;
using Nestegg.Ente.Cryptography;

namespace Nestegg.Ente.Library;

/// <summary>Finds a file's key. It is wrapped once for each album, and any of them will do; the right one opens the metadata.</summary>
internal sealed class FileKeyChoice(FileRow row) : IDisposable
{
    private SecretKey? chosen;
    private JsonElement metadata;
    private bool isProven;
    private int failed;

    /// <summary>Tries what an album has of the key.</summary>
    internal void Try(Album album, WrappedKey? wrapped)
    {
        Debug.Assert(!isProven || chosen is not null, "What opened the metadata is the chosen key.");
        SecretKey? key = null;
        if (album.Key is null || wrapped?.TryOpen(album.Key, out key) != true)
        {
            failed++;
        }
        else if (chosen is not null && key!.FixedTimeEquals(chosen))
        {
            key.Dispose();
        }
        else if (isProven)
        {
            key!.Dispose();
            failed++;
        }
        else
        {
            failed += chosen is null ? 0 : 1;
            chosen?.Dispose();
            chosen = key;
            isProven = MagicMetadata.TryOpenBlob(row.EncryptedMetadata, row.MetadataHeader, key!, out metadata);
        }
    }

    /// <summary>Gives the key away; null when no album had it.</summary>
    internal SecretKey? Take(int albums, List<LibraryProblem> problems, out JsonElement metadata)
    {
        Debug.Assert(failed <= albums, "Each album was tried once.");
        metadata = this.metadata;
        if (chosen is null)
        {
            problems.Add(
                new LibraryProblem("file-key-wrong", "the file's key does not open with the key of any of its albums", IsFatal: true));
            return null;
        }

        if (failed > 0)
        {
            problems.Add(new LibraryProblem(
                "file-key-damaged-in-album", $"the file's key does not open, or is another, in {failed} of its {Counted.Of(albums, "album")}"));
        }

        if (!isProven)
        {
            problems.Add(new LibraryProblem("metadata-damaged", "the file's metadata does not open with its key, or is not JSON"));
        }

        (var given, chosen) = (chosen, null);
        return given;
    }

    /// <summary>Zeroes the key if it was not taken.</summary>
    public void Dispose() => chosen?.Dispose();
}

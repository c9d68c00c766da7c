using System.Diagnostics;
using Nestegg.Ente.Cryptography;
using Nestegg.Ente.Library;

namespace Nestegg.Export;

/// <summary>Whether what is on disk is what it should be. Holds two small buffers.</summary>
internal static class FileComparison
{
    private const int BufferBytes = 128 * 1024;

    /// <summary>Whether a file is there as it was left, by its length and time.</summary>
    internal static bool IsAsWritten(string path, ExportedName name)
    {
        var file = new FileInfo(path);
        return name.Written is { } written
            && file.Exists
            && file.Length == written.SizeBytes
            && file.LastWriteTimeUtc == written.ModifiedUtc;
    }

    /// <summary>
    /// Whether each part of a file has the hash that the uploading app recorded. What has none recorded cannot be told from another.
    /// </summary>
    internal static async Task<bool> HasRecordedHashAsync(LibraryFile file, List<string> paths, CancellationToken cancellationToken)
    {
        Debug.Assert(paths.Count is 1 or 2, "A file has one part, a live photo two.");
        string?[] recorded = paths.Count == 2 ? [file.Hash.Image, file.Hash.Video] : [file.Hash.Whole];
        for (var i = 0; i < paths.Count; i++)
        {
            if (recorded[i] is null || recorded[i] != await HashAsync(paths[i], cancellationToken))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Compares two files byte by byte. A folder, which somebody put in a file's place, is the same as none.</summary>
    internal static async Task<bool> HaveSameContentAsync(string first, string second, CancellationToken cancellationToken)
    {
        if (Directory.Exists(first) || Directory.Exists(second))
        {
            return false;
        }

        var length = new FileInfo(first).Length;
        if (length != new FileInfo(second).Length)
        {
            return false;
        }

        if (length == 0)
        {
            // Either may be a pipe, which would be waited for.
            return true;
        }

        await using var one = File.OpenRead(first);
        await using var other = File.OpenRead(second);
        var (a, b) = (new byte[BufferBytes], new byte[BufferBytes]);
        while (true)
        {
            var count = await one.ReadAtLeastAsync(a, a.Length, throwOnEndOfStream: false, cancellationToken);
            await other.ReadAtLeastAsync(b.AsMemory(0, count), count, throwOnEndOfStream: false, cancellationToken);
            if (!a.AsSpan(0, count).SequenceEqual(b.AsSpan(0, count)))
            {
                return false;
            }

            if (count < a.Length)
            {
                return true;
            }
        }
    }

    private static async Task<string> HashAsync(string path, CancellationToken cancellationToken)
    {
        using var hash = new Blake2b();

        // What has no length may be a pipe, which would be waited for.
        await using var stream = new FileInfo(path).Length == 0
            ? Stream.Null
            : new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
        var buffer = new byte[BufferBytes];
        for (int read; (read = await stream.ReadAsync(buffer, cancellationToken)) > 0;)
        {
            hash.Update(buffer.AsSpan(0, read));
        }

        return Convert.ToBase64String(hash.Finish());
    }
}

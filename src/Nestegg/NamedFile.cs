using System.Security.Cryptography;
using Nestegg.Ente;

namespace Nestegg;

/// <summary>
/// A small file that a person named: absence, a folder of that name and a lack of permission are told apart by opening it, since a
/// question whether it exists answers no to all three.
/// </summary>
public static class NamedFile
{
    private const int LongestBytes = 1 << 20;

    /// <summary>The text of a file in UTF-8, without the mark of its encoding. The caller wipes it when it is a secret.</summary>
    /// <param name="what">What it is, as it stands before its path in a sentence: <c>the signing key</c>.</param>
    /// <param name="whenAbsent">What to do when there is none.</param>
    /// <exception cref="NesteggException">There is none, it cannot be read, or it is longer than 1 MiB.</exception>
    public static byte[] Read(string path, string what, string whenAbsent) =>
        TryRead(path, what) ?? throw Absent(path, what, whenAbsent);

    /// <inheritdoc cref="Read"/>
    /// <returns><see langword="null"/> when there is no such file.</returns>
    public static byte[]? TryRead(string path, string what)
    {
        var buffer = new byte[LongestBytes + 1];
        try
        {
            using var file = TryOpen(path, what);
            if (file is null)
            {
                return null;
            }

            var length = file.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false);
            return length <= LongestBytes ? MarkedText.ToUtf8(buffer.AsSpan(0, length)) : throw new NesteggException(
                FailureKind.BadInput, $"{what} {path} is longer than {LongestBytes >> 20} MiB", "name the right file");
        }
        catch (IOException failure)
        {
            throw Unreadable(path, what, failure);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(buffer);
        }
    }

    /// <summary>Opens a file for reading, without a buffer that would keep its bytes.</summary>
    /// <inheritdoc cref="Read"/>
    public static FileStream Open(string path, string what, string whenAbsent) =>
        TryOpen(path, what) ?? throw Absent(path, what, whenAbsent);

    private static FileStream? TryOpen(string path, string what)
    {
        try
        {
            return new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
        }
        catch (Exception failure) when (failure is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (Exception failure) when (SystemWords.IsOfFiles(failure))
        {
            throw Unreadable(path, what, failure);
        }
    }

    private static NesteggException Absent(string path, string what, string hint) =>
        new(FailureKind.BadInput, $"{what} {path} does not exist", hint);

    private static NesteggException Unreadable(string path, string what, Exception failure) => failure switch
    {
        _ when Directory.Exists(path) =>
            new(FailureKind.BadInput, $"{what} {path} cannot be read: it is a folder", "name the file in it", failure),
        UnauthorizedAccessException =>
            new(FailureKind.BadInput, $"{what} {path} cannot be read: permission denied", "run as the user that it belongs to", failure),
        _ => new(
            FailureKind.BadInput, $"{what} {path} cannot be read: {SystemWords.Of(failure)}", "look at the disk that it lies on", failure),
    };
}

using System.Security.Cryptography;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Nestegg.Cli.Terminal;

/// <summary>
/// Secrets out of files and descriptors, in whatever way an editor or a shell wrote them. In UTF-8; the caller wipes them.
/// </summary>
internal static class SecretText
{
    private const int LongestBytes = 64 * 1024;

    /// <summary>A whole file, without the mark of its encoding.</summary>
    /// <exception cref="NesteggException">There is none, it cannot be read, or it is too long to be a secret.</exception>
    public static async Task<byte[]> ReadFileAsync(string path, string what, CancellationToken cancellationToken)
    {
        var buffer = new byte[LongestBytes + 1];
        try
        {
            await using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 0);
            var length = await file.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellationToken);
            return length <= LongestBytes ? MarkedText.ToUtf8(buffer.AsSpan(0, length)) : throw TooLong($"the file {path} with the {what}");
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new NesteggException(
                FailureKind.BadInput, $"the file {path} with the {what} does not exist", "write the secret into it, readable for you alone",
                exception);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new NesteggException(
                FailureKind.BadInput, $"the file {path} with the {what} cannot be read: {exception.Message}",
                "look at who may read it, and whether it is a file", exception);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(buffer);
        }
    }

    /// <summary>The first line of a text; wipes the text.</summary>
    public static byte[] FirstLine(byte[] text)
    {
        var end = text.AsSpan().IndexOf((byte)'\n');
        var line = text.AsSpan(0, end < 0 ? text.Length : end).TrimEnd((byte)'\r').ToArray();
        CryptographicOperations.ZeroMemory(text);
        return line;
    }

    /// <summary>The next line of a descriptor, and nothing behind it, which may be the next secret.</summary>
    /// <exception cref="NesteggException">The caller did not open it, it cannot be read, or the line does not end.</exception>
    public static async Task<byte[]> ReadLineAsync(int descriptor, string what, CancellationToken cancellationToken)
    {
        try
        {
            return CallersDescriptor.IsOpen(descriptor)
                ? await Task.Run(() => ReadLine(descriptor, what), CancellationToken.None).WaitAsync(cancellationToken)
                : throw NotOpen(null);
        }
        catch (Exception exception) when (exception is IOException or ArgumentException or UnauthorizedAccessException)
        {
            throw NotOpen(exception);
        }

        NesteggException NotOpen(Exception? reason) => new(
            FailureKind.BadInput, $"file descriptor {descriptor} with the {what} is not open for reading",
            "open it in the shell: nestegg … 3< file", reason);
    }

    private static byte[] ReadLine(int descriptor, string what)
    {
        using var handle = new SafeFileHandle(descriptor, ownsHandle: false);
        using var stream = new FileStream(handle, FileAccess.Read, bufferSize: 0);
        var buffer = new byte[LongestBytes];
        try
        {
            for (var length = 0; length < buffer.Length; length++)
            {
                if (stream.Read(buffer, length, 1) == 0 || buffer[length] == '\n')
                {
                    return FirstLine(MarkedText.ToUtf8(buffer.AsSpan(0, length)));
                }
            }

            throw TooLong($"the line of file descriptor {descriptor} with the {what}");
        }
        finally
        {
            CryptographicOperations.ZeroMemory(buffer);
        }
    }

    private static NesteggException TooLong(string where) => new(
        FailureKind.BadInput, $"{where} is longer than {LongestBytes / 1024} KiB", "give the secret alone");
}

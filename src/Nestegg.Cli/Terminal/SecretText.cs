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

    /// <summary>A whole file, without the mark of its encoding; a pipe that nobody writes into can be cancelled.</summary>
    /// <exception cref="NesteggException">There is none, or it cannot be read.</exception>
    public static Task<byte[]> ReadFileAsync(string path, string what, CancellationToken cancellationToken) => Task
        .Run(
            () => NamedFile.Read(path, $"the file with the {what}", "write the secret into it, readable for you alone"),
            CancellationToken.None)
        .WaitAsync(cancellationToken);

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

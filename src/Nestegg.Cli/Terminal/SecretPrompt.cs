using System.Security.Cryptography;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Nestegg.Cli.Terminal;

/// <summary>Where a secret is to come from. At most one of them is set; none means that a person is asked.</summary>
/// <param name="FilePath">A file whose first line it is.</param>
/// <param name="FileDescriptor">An open file descriptor of the process whose first line it is.</param>
internal sealed record SecretSource(string? FilePath = null, int? FileDescriptor = null)
{
    public bool IsGiven => FilePath is not null || FileDescriptor is not null;
}

/// <summary>
/// Gets passwords, passphrases and recovery keys, never from arguments. What it returns is UTF-8 without the line's end; the caller wipes
/// it.
/// </summary>
internal sealed class SecretPrompt(CommandHost host)
{
    private const int LongestBytes = 64 * 1024;

    /// <summary>From the source; else from the variable, when it is set; else from a person.</summary>
    /// <param name="what">What is asked for: <c>password of alice@example.org</c>.</param>
    /// <param name="variable">An environment variable that may hold it.</param>
    /// <exception cref="NesteggException">It is empty, or there is nobody to ask.</exception>
    public async Task<byte[]> ReadAsync(string what, SecretSource source, string variable, CancellationToken cancellationToken)
    {
        var secret = source switch
        {
            { FilePath: { } path } => await ReadLineAsync(OpenFile(path, what), cancellationToken),
            { FileDescriptor: { } descriptor } => await ReadDescriptorAsync(descriptor, what, cancellationToken),
            _ when host.Environment.GetValueOrDefault(variable) is { Length: > 0 } value => Encoding.UTF8.GetBytes(value),
            _ => Ask(what, variable),
        };
        return secret.Length > 0 ? secret : throw new NesteggException(
            FailureKind.BadInput, $"the {what} is empty", "give it from a file, a file descriptor or at the prompt");
    }

    /// <summary>Asks twice for a new secret and wants the same answer.</summary>
    public async Task<byte[]> ReadNewAsync(string what, SecretSource source, string variable, CancellationToken cancellationToken)
    {
        var secret = await ReadAsync(what, source, variable, cancellationToken);
        var isFromPerson = source is { FilePath: null, FileDescriptor: null } && !host.Environment.ContainsKey(variable);
        if (!isFromPerson)
        {
            return secret;
        }

        var again = Ask($"{what}, again", variable);
        var isSame = CryptographicOperations.FixedTimeEquals(secret, again);
        CryptographicOperations.ZeroMemory(again);
        if (isSame)
        {
            return secret;
        }

        CryptographicOperations.ZeroMemory(secret);
        throw new NesteggException(FailureKind.BadInput, $"the two entries of the {what} differ", "run the command again");
    }

    private byte[] Ask(string what, string variable)
    {
        if (!host.CanPrompt)
        {
            throw new NesteggException(
                FailureKind.BadInput, $"the {what} is needed and there is no terminal to ask at",
                $"give it in a file, on a file descriptor, or in {variable}");
        }

        host.Error.Write($"{what}: ");
        host.Error.Flush();
        var typed = new List<char>();
        while (Console.ReadKey(intercept: true) is { Key: not ConsoleKey.Enter } key)
        {
            if (key.Key != ConsoleKey.Backspace)
            {
                typed.Add(key.KeyChar);
            }
            else if (typed.Count > 0)
            {
                typed.RemoveAt(typed.Count - 1);
            }
        }

        host.Error.WriteLine();
        var letters = typed.ToArray();
        var secret = Encoding.UTF8.GetBytes(letters);
        Array.Clear(letters);
        System.Runtime.InteropServices.CollectionsMarshal.AsSpan(typed).Clear();
        return secret;
    }

    private static async Task<byte[]> ReadLineAsync(Stream stream, CancellationToken cancellationToken)
    {
        await using (stream)
        {
            var buffer = new byte[LongestBytes];
            var length = await stream.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellationToken);
            var end = buffer.AsSpan(0, length).IndexOf((byte)'\n');
            var line = buffer.AsSpan(0, end < 0 ? length : end).TrimEnd((byte)'\r').ToArray();
            CryptographicOperations.ZeroMemory(buffer);
            return line;
        }
    }

    private FileStream OpenFile(string path, string what)
    {
        var full = Path.GetFullPath(path, host.WorkingFolder);
        return File.Exists(full)
            ? new FileStream(full, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0)
            : throw new NesteggException(
                FailureKind.BadInput, $"the file {full} with the {what} does not exist",
                "write the secret into it, readable for you alone");
    }

    private static async Task<byte[]> ReadDescriptorAsync(int descriptor, string what, CancellationToken cancellationToken)
    {
        try
        {
            return await ReadLineAsync(
                new FileStream(new SafeFileHandle(descriptor, ownsHandle: false), FileAccess.Read, bufferSize: 0), cancellationToken);
        }
        catch (Exception exception) when (exception is IOException or ArgumentException or UnauthorizedAccessException)
        {
            throw new NesteggException(
                FailureKind.BadInput, $"file descriptor {descriptor} with the {what} is not open for reading",
                "open it in the shell: nestegg … 3< file", exception);
        }
    }
}

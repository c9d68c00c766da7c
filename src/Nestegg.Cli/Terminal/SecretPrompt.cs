using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;

namespace Nestegg.Cli.Terminal;

/// <summary>Where a secret is to come from. At most one of them is set; none means that a person is asked.</summary>
/// <param name="FilePath">A file whose first line it is.</param>
/// <param name="FileDescriptor">A file descriptor that the caller opened, whose next line it is.</param>
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
    /// <summary>From the source; else from the variable, when it is set; else from a person.</summary>
    /// <param name="what">What is asked for: <c>password of alice@example.org</c>.</param>
    /// <param name="variable">An environment variable that may hold it.</param>
    /// <exception cref="NesteggException">It is empty, or there is nobody to ask.</exception>
    public async Task<byte[]> ReadAsync(string what, SecretSource source, string variable, CancellationToken cancellationToken)
    {
        var secret = source switch
        {
            { FilePath: { } path } => SecretText.FirstLine(await SecretText.ReadFileAsync(host.FullPath(path), what, cancellationToken)),
            { FileDescriptor: { } descriptor } => await SecretText.ReadLineAsync(descriptor, what, cancellationToken),
            _ when host.Environment.GetValueOrDefault(variable) is { Length: > 0 } value => Encoding.UTF8.GetBytes(value),
            _ => await AskAsync(what, variable, cancellationToken),
        };
        return secret.Length > 0 ? secret : throw new NesteggException(
            FailureKind.BadInput, $"the {what} is empty", "give it from a file, a file descriptor or at the prompt");
    }

    /// <summary>The same for what may stand in several lines, such as 24 words: the whole file.</summary>
    public Task<byte[]> ReadWholeAsync(string what, SecretSource source, string variable, CancellationToken cancellationToken) =>
        source.FilePath is { } path
            ? SecretText.ReadFileAsync(host.FullPath(path), what, cancellationToken)
            : ReadAsync(what, source, variable, cancellationToken);

    /// <summary>Says what was wrong with the last answer, and asks again, if a person gave it.</summary>
    /// <returns><see langword="null"/> when nobody was asked.</returns>
    public async Task<byte[]?> ReadAgainAsync(
        string problem, string what, SecretSource source, string variable, CancellationToken cancellationToken)
    {
        if (!IsFromPerson(source, variable))
        {
            return null;
        }

        host.Error.WriteLine(problem);
        return await AskAsync(what, variable, cancellationToken);
    }

    /// <summary>Asks twice for a new secret, until both answers are the same.</summary>
    public async Task<byte[]> ReadNewAsync(string what, SecretSource source, string variable, CancellationToken cancellationToken)
    {
        while (true)
        {
            var secret = await ReadAsync(what, source, variable, cancellationToken);
            if (!IsFromPerson(source, variable))
            {
                return secret;
            }

            var again = await AskAsync($"{what}, again", variable, cancellationToken);
            var isSame = CryptographicOperations.FixedTimeEquals(secret, again);
            CryptographicOperations.ZeroMemory(again);
            if (isSame)
            {
                return secret;
            }

            CryptographicOperations.ZeroMemory(secret);
            host.Error.WriteLine("The two differ.");
        }
    }

    private bool IsFromPerson(SecretSource source, string variable) =>
        !source.IsGiven && host.Environment.GetValueOrDefault(variable) is not { Length: > 0 };

    private async Task<byte[]> AskAsync(string what, string variable, CancellationToken cancellationToken)
    {
        if (!host.CanPrompt)
        {
            throw new NesteggException(
                FailureKind.BadInput, $"the {what} is needed and there is no terminal to ask at",
                $"give it in a file, on a file descriptor, or in {variable}");
        }

        host.Error.Write($"{what}: ");
        host.Error.Flush();
        try
        {
            // No read of a key ends early: it is left behind when a signal asks for the end, which comes at once.
            return await Task.Run(ReadKeys, CancellationToken.None).WaitAsync(cancellationToken);
        }
        finally
        {
            host.Error.WriteLine();
        }
    }

    private static byte[] ReadKeys()
    {
        var typed = new List<char>();
        while (Console.ReadKey(intercept: true) is { Key: not ConsoleKey.Enter } key)
        {
            if (key.Key == ConsoleKey.Backspace && typed.Count > 0)
            {
                typed.RemoveAt(typed.Count - 1);
            }
            else if (key is { Key: ConsoleKey.U, Modifiers: ConsoleModifiers.Control })
            {
                Wipe(typed);
            }
            else if (!char.IsControl(key.KeyChar))
            {
                typed.Add(key.KeyChar);
            }
        }

        var secret = GetBytes(typed);
        Wipe(typed);
        return secret;
    }

    private static byte[] GetBytes(List<char> typed)
    {
        var letters = CollectionsMarshal.AsSpan(typed);
        var bytes = new byte[Encoding.UTF8.GetByteCount(letters)];
        Encoding.UTF8.GetBytes(letters, bytes);
        return bytes;
    }

    private static void Wipe(List<char> typed)
    {
        CollectionsMarshal.AsSpan(typed).Clear();
        typed.Clear();
    }
}

using System.Security.Cryptography;
using System.Text;

namespace Nestegg.Formats.Age;

/// <summary>Asks a person, a file or a file descriptor for a passphrase. In UTF-8; the asker wipes it.</summary>
/// <param name="name">The file that it is to open.</param>
/// <param name="problem">Why the last one did not serve; <see langword="null"/> the first time.</param>
/// <returns><see langword="null"/> when there is nobody to ask again.</returns>
public delegate Task<byte[]?> AskPassphrase(string name, string? problem, CancellationToken cancellationToken);

/// <summary>
/// A file with age identities, one a line, between comments; itself perhaps an age file under a passphrase, with or without armor.
/// Comments of the form <c># name: value</c> are kept, because the repository's id and signing key stand there.
/// </summary>
internal sealed class AgeIdentityFile : IDisposable
{
    private const int LimitBytes = 1024 * 1024;
    private const int Attempts = 3;

    private AgeIdentityFile(IReadOnlyList<AgeIdentity> identities, IReadOnlyDictionary<string, string> comments) =>
        (Identities, Comments) = (identities, comments);

    public IReadOnlyList<AgeIdentity> Identities { get; }

    /// <summary>What stands in <c># name: value</c>, by name; the first one of a name counts.</summary>
    public IReadOnlyDictionary<string, string> Comments { get; }

    public void Dispose()
    {
        foreach (var identity in Identities)
        {
            identity.Dispose();
        }
    }

    /// <summary>Reads a file; asks for a passphrase only when the file is under one.</summary>
    /// <param name="name">What the file is called in messages.</param>
    public static async Task<AgeIdentityFile> ReadAsync(Stream stream, string name, AskPassphrase ask, CancellationToken cancellationToken)
    {
        var content = await ReadTextAsync(stream, name, cancellationToken);
        try
        {
            if (AgeArmor.TryDecode(content, name, out var binary))
            {
                return await DecryptAsync(binary, name, ask, cancellationToken);
            }

            return content.AsSpan().StartsWith("age-encryption.org/"u8)
                ? await DecryptAsync(content, name, ask, cancellationToken)
                : Parse(content, name);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(content);
        }
    }

    /// <summary>The text of an identity file, as age-keygen writes it, with further comments. The caller wipes it.</summary>
    public static byte[] Write(AgeIdentity identity, DateTimeOffset createdAt, IEnumerable<KeyValuePair<string, string>> comments)
    {
        var head = new StringBuilder($"# created: {createdAt.UtcDateTime:yyyy-MM-ddTHH:mm:ssZ}\n# public key: {identity.Recipient}\n");
        foreach (var (name, value) in comments)
        {
            head.Append($"# {name}: {value}\n");
        }

        var key = identity.ToText();
        byte[] text = [.. Encoding.UTF8.GetBytes(head.ToString()), .. key, (byte)'\n'];
        CryptographicOperations.ZeroMemory(key);
        return text;
    }

    private static async Task<AgeIdentityFile> DecryptAsync(
        byte[] content, string name, AskPassphrase ask, CancellationToken cancellationToken)
    {
        NesteggException? wrong = null;
        for (var attempts = 0; attempts < Attempts; attempts++)
        {
            if (await ask(name, wrong?.Message, cancellationToken) is not { } passphrase)
            {
                break;
            }

            try
            {
                return await DecryptAsync(content, name, passphrase, cancellationToken);
            }
            catch (NesteggException failure) when (failure.Kind == FailureKind.WrongIdentity)
            {
                wrong = failure;
            }
            finally
            {
                CryptographicOperations.ZeroMemory(passphrase);
            }
        }

        throw wrong ?? new NesteggException(FailureKind.BadInput, $"no passphrase was given for {name}", "give the one that it is under");
    }

    private static async Task<AgeIdentityFile> DecryptAsync(
        byte[] content, string name, byte[] passphrase, CancellationToken cancellationToken)
    {
        byte[]? text = null;
        try
        {
            await using var reader =
                await AgeReader.OpenWithPassphraseAsync(new MemoryStream(content, writable: false), name, passphrase, cancellationToken);
            text = await ReadTextAsync(reader, name, cancellationToken);
            return Parse(text, name);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(text);
        }
    }

    private static AgeIdentityFile Parse(ReadOnlySpan<byte> text, string name)
    {
        var identities = new List<AgeIdentity>();
        var comments = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        var number = 0;
        foreach (var range in text.Split((byte)'\n'))
        {
            number++;
            var line = text[range].Trim(" \t\r"u8);
            if (line.StartsWith("#"u8))
            {
                AddComment(comments, line[1..]);
            }
            else if (line.Length == 0)
            {
                continue;
            }
            else if (AgeIdentity.TryParse(line, out var identity))
            {
                identities.Add(identity!);
            }
            else
            {
                throw new NesteggException(
                    FailureKind.BadInput, $"line {number} of {name} is no age identity",
                    "an identity begins with AGE-SECRET-KEY-1; plugins and SSH keys are not supported");
            }
        }

        return identities.Count > 0
            ? new AgeIdentityFile(identities, comments)
            : throw new NesteggException(
                FailureKind.BadInput, $"{name} holds no age identity",
                "give the file that nestegg init --new-identity or age-keygen wrote");
    }

    private static void AddComment(Dictionary<string, string> comments, ReadOnlySpan<byte> line)
    {
        var colon = line.IndexOf((byte)':');
        if (colon > 0)
        {
            comments.TryAdd(Encoding.UTF8.GetString(line[..colon]).Trim(), Encoding.UTF8.GetString(line[(colon + 1)..]).Trim());
        }
    }

    private static async Task<byte[]> ReadTextAsync(Stream stream, string name, CancellationToken cancellationToken)
    {
        var buffer = new byte[LimitBytes];
        try
        {
            var length = await stream.ReadAtLeastAsync(buffer, LimitBytes, throwOnEndOfStream: false, cancellationToken);
            return length < LimitBytes
                ? MarkedText.ToUtf8(buffer.AsSpan(0, length))
                : throw new NesteggException(
                    FailureKind.BadInput, $"{name} is too large for an identity file", "give the file that age-keygen wrote");
        }
        finally
        {
            CryptographicOperations.ZeroMemory(buffer);
        }
    }
}

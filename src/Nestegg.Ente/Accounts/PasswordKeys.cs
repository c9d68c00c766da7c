using Nestegg.Ente.Cryptography;

namespace Nestegg.Ente.Accounts;

/// <summary>
/// A password and the key that comes of it. To derive it takes seconds and hundreds of MiB, so it is kept for as long as salt and limits
/// stay the same. Disposing this zeroes the key; the password stays the caller's.
/// </summary>
internal sealed class PasswordKeys(ReadOnlyMemory<byte> password) : IDisposable
{
    private (byte[] Salt, long Operations, long MemoryBytes) derivedWith = ([], 0, 0);
    private SecretKey? key;

    /// <summary>The key, which stays this object's.</summary>
    internal SecretKey Derive(byte[] salt, long operations, long memoryBytes)
    {
        var isKnown = salt.AsSpan().SequenceEqual(derivedWith.Salt)
            && (operations, memoryBytes) == (derivedWith.Operations, derivedWith.MemoryBytes);
        if (key is null || !isKnown)
        {
            key?.Dispose();
            key = null;
            key = Argon2id.Derive(password.Span, salt, operations, memoryBytes);
            derivedWith = (salt, operations, memoryBytes);
        }

        return key;
    }

    /// <inheritdoc/>
    public void Dispose() => key?.Dispose();
}

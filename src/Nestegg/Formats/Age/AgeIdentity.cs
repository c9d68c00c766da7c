using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using Nestegg.Ente.Cryptography;

namespace Nestegg.Formats.Age;

/// <summary>An age private key (X25519). Disposing it wipes the key.</summary>
internal sealed class AgeIdentity : IDisposable
{
    private const string Prefix = "age-secret-key-";

    private readonly byte[] secretKey;

    private AgeIdentity(ReadOnlySpan<byte> secretKey)
    {
        Debug.Assert(secretKey.Length == Sodium.ScalarMultBytes, "A secret key is a scalar.");
        this.secretKey = secretKey.ToArray();
        Span<byte> publicKey = stackalloc byte[Sodium.ScalarMultBytes];
        if (Sodium.crypto_scalarmult_curve25519_base(publicKey, secretKey) != 0)
        {
            throw new CryptographicException("X25519 refused a secret key.");
        }

        Recipient = new AgeRecipient(publicKey);
    }

    public AgeRecipient Recipient { get; }

    public static AgeIdentity Generate()
    {
        Span<byte> key = stackalloc byte[Bech32.KeyBytes];
        RandomNumberGenerator.Fill(key);
        var identity = new AgeIdentity(key);
        CryptographicOperations.ZeroMemory(key);
        return identity;
    }

    /// <summary>Reads <c>AGE-SECRET-KEY-1…</c> in ASCII.</summary>
    public static bool TryParse(ReadOnlySpan<byte> text, out AgeIdentity? identity)
    {
        Span<byte> key = stackalloc byte[Bech32.KeyBytes];
        identity = Bech32.TryDecode(text, Prefix, key) ? new AgeIdentity(key) : null;
        CryptographicOperations.ZeroMemory(key);
        return identity is not null;
    }

    /// <summary><c>AGE-SECRET-KEY-1…</c> in ASCII, for an identity file. The caller wipes it.</summary>
    public byte[] ToText()
    {
        var text = Bech32.Encode(Prefix, secretKey);
        Ascii.ToUpperInPlace(text, out _);
        return text;
    }

    public void Dispose() => CryptographicOperations.ZeroMemory(secretKey);

    /// <summary>Opens a stanza; <see langword="false"/> when it is for somebody else.</summary>
    /// <exception cref="FormatException">The stanza breaks the format.</exception>
    internal bool TryUnwrap(AgeStanza stanza, Span<byte> fileKey)
    {
        if (stanza.Type != AgeKeys.X25519)
        {
            return false;
        }

        if (stanza.Arguments.Count != 1 || !AgeKeys.TryFromBase64(stanza.Arguments[0], out var share)
            || share.Length != Sodium.ScalarMultBytes || stanza.Body.Length != AgeKeys.WrappedKeyBytes)
        {
            throw new FormatException("its header has a broken X25519 stanza");
        }

        Span<byte> shared = stackalloc byte[Sodium.ScalarMultBytes];
        if (Sodium.crypto_scalarmult_curve25519(shared, secretKey, share) != 0)
        {
            throw new FormatException("its header has an X25519 share of low order");
        }

        var isOurs = AgeKeys.TryUnwrapX25519(shared, share, Recipient.PublicKey, stanza.Body, fileKey);
        CryptographicOperations.ZeroMemory(shared);
        return isOurs;
    }
}

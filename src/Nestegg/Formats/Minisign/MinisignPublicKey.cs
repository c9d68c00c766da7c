using System.Diagnostics;
using Nestegg.Ente.Cryptography;

namespace Nestegg.Formats.Minisign;

/// <summary>A minisign public key: what the second line of a public key file says (<c>RW…</c>).</summary>
internal sealed class MinisignPublicKey
{
    internal const int IdBytes = 8;
    private const int EncodedBytes = 2 + IdBytes + Sodium.SignPublicKeyBytes;

    private readonly byte[] encoded;

    internal MinisignPublicKey(ReadOnlySpan<byte> id, ReadOnlySpan<byte> key)
    {
        encoded = [.. "Ed"u8, .. id, .. key];
        Debug.Assert(encoded.Length == EncodedBytes && id.Length == IdBytes, "A number and a key are found by their places.");
    }

    /// <summary>The number that a key pair and its signatures share.</summary>
    internal ReadOnlySpan<byte> Id => encoded.AsSpan(2, IdBytes);

    private ReadOnlySpan<byte> Key => encoded.AsSpan(2 + IdBytes);

    public static bool TryParse(string text, out MinisignPublicKey? key)
    {
        Span<byte> bytes = stackalloc byte[EncodedBytes];
        var isKey = Convert.TryFromBase64String(text, bytes, out var length) && length == EncodedBytes && bytes.StartsWith("Ed"u8);
        key = isKey ? new MinisignPublicKey(bytes[2..(2 + IdBytes)], bytes[(2 + IdBytes)..]) : null;
        return isKey;
    }

    public override string ToString() => Convert.ToBase64String(encoded);

    /// <summary>The text of a public key file.</summary>
    public string ToFileText() => $"untrusted comment: minisign public key {MinisignSecretKey.IdText(Id)}\n{this}\n";

    internal bool Verifies(ReadOnlySpan<byte> signature, ReadOnlySpan<byte> message) =>
        Sodium.crypto_sign_ed25519_verify_detached(signature, message, (ulong)message.Length, Key) == 0;
}

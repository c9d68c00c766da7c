using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using Nestegg.Ente.Cryptography;

namespace Nestegg.Formats.Minisign;

/// <summary>
/// What a minisign signature file says. Only prehashed signatures (<c>ED</c>), which are all that minisign makes since 0.10.
/// </summary>
internal sealed class MinisignSignature
{
    /// <summary>No signature file is longer: minisign's comments have less than 10 KiB.</summary>
    public const int LimitBytes = 32 * 1024;

    private const string TrustedPrefix = "trusted comment: ";

    private readonly byte[] id;
    private readonly byte[] signature;
    private readonly byte[] global;

    private MinisignSignature(byte[] id, byte[] signature, string trustedComment, byte[] global)
    {
        Debug.Assert(
            signature.Length == Sodium.SignBytes && global.Length == Sodium.SignBytes,
            "libsodium reads a whole signature, whatever is there.");
        (this.id, this.signature, TrustedComment, this.global) = (id, signature, trustedComment, global);
    }

    /// <summary>To be believed only after <see cref="Verifies"/>.</summary>
    public string TrustedComment { get; }

    public static bool TryParse(ReadOnlySpan<byte> text, out MinisignSignature? signature)
    {
        signature = null;
        var lines = Encoding.UTF8.GetString(text).TrimEnd('\n').Split('\n');
        Span<byte> first = stackalloc byte[2 + MinisignPublicKey.IdBytes + Sodium.SignBytes];
        Span<byte> second = stackalloc byte[Sodium.SignBytes];
        if (lines.Length != 4
            || !Convert.TryFromBase64String(lines[1].Trim(), first, out var firstLength)
            || firstLength != first.Length
            || !first.StartsWith("ED"u8)
            || !lines[2].StartsWith(TrustedPrefix, StringComparison.Ordinal)
            || !Convert.TryFromBase64String(lines[3].Trim(), second, out var secondLength) || secondLength != second.Length)
        {
            return false;
        }

        signature = new MinisignSignature(
            first.Slice(2, MinisignPublicKey.IdBytes).ToArray(), first[(2 + MinisignPublicKey.IdBytes)..].ToArray(),
            lines[2][TrustedPrefix.Length..].TrimEnd('\r'), second.ToArray());
        return true;
    }

    /// <summary>Both signatures are good: the one over the content and the one over it with the trusted comment.</summary>
    public bool Verifies(ReadOnlySpan<byte> content, MinisignPublicKey key) =>
        VerifiesComment(key) && key.Verifies(signature, Prehash(content));

    /// <summary>The trusted comment is what the key's owner wrote, whatever has become of the content.</summary>
    public bool VerifiesComment(MinisignPublicKey key)
    {
        byte[] signed = [.. signature, .. Encoding.UTF8.GetBytes(TrustedComment)];
        return key.Id.SequenceEqual(id) && key.Verifies(global, signed);
    }

    /// <summary>BLAKE2b-512 of the content.</summary>
    internal static byte[] Prehash(ReadOnlySpan<byte> content)
    {
        var hash = new byte[64];
        if (Sodium.crypto_generichash_blake2b(hash, (nuint)hash.Length, content, (ulong)content.Length, default, 0) != 0)
        {
            throw new CryptographicException("BLAKE2b failed.");
        }

        return hash;
    }
}

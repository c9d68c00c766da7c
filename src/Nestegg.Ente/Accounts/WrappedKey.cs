using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using Nestegg.Ente.Cryptography;

namespace Nestegg.Ente.Accounts;

/// <summary>A key in a secret box, with its nonce, as two sibling columns hold it.</summary>
/// <param name="Box">48 bytes, unless the row is damaged.</param>
/// <param name="Nonce">24 bytes, unless the row is damaged.</param>
public sealed record WrappedKey(byte[] Box, byte[] Nonce)
{
    /// <summary>Whether the lengths are those of a wrapped key. A box that is damaged elsewhere still looks whole.</summary>
    public bool IsWellFormed => Box.Length == SecretKey.SizeBytes + SecretBox.OverheadBytes && Nonce.Length == SecretBox.NonceBytes;

    /// <summary>Reads the two columns.</summary>
    /// <returns>Null when one is absent; an ill-formed value when one is not Base64.</returns>
    internal static WrappedKey? Read(string? box, string? nonce) => string.IsNullOrEmpty(box) || string.IsNullOrEmpty(nonce)
        ? null
        : new WrappedKey(
            StandardBase64.TryDecode(box, out var boxBytes) ? boxBytes : [],
            StandardBase64.TryDecode(nonce, out var nonceBytes) ? nonceBytes : []);

    /// <summary>Opens it.</summary>
    public bool TryOpen(SecretKey key, [NotNullWhen(true)] out SecretKey? opened) => SecretBox.TryOpenKey(Box, Nonce, key, out opened);

    /// <summary>Wraps a key under another, with a random nonce.</summary>
    internal static WrappedKey Wrap(SecretKey wrapped, SecretKey key)
    {
        ArgumentNullException.ThrowIfNull(wrapped);
        var box = SecretBox.Seal(wrapped.Bytes, key, out var nonce);
        var whole = new WrappedKey(box, nonce);
        Debug.Assert(whole.IsWellFormed, "A key that is wrapped here has the lengths that readers look for.");
        return whole;
    }
}

/// <summary>What can be asked of a wrapped key that may be absent.</summary>
internal static class WrappedKeys
{
    /// <summary>Whether it is there and opens; the key is zeroed at once.</summary>
    internal static bool Opens(this WrappedKey? wrapped, SecretKey key)
    {
        SecretKey? opened = null;
        var opens = wrapped?.TryOpen(key, out opened) == true;
        opened?.Dispose();
        return opens;
    }
}

namespace Nestegg.Ente.Cryptography;

/// <summary>libsodium's <c>crypto_kdf</c>: keyed BLAKE2b makes a key for each use out of one.</summary>
internal static class SubKey
{
    /// <summary>Derives one.</summary>
    /// <param name="key">The key above it.</param>
    /// <param name="id">Its number among the keys of one use.</param>
    /// <param name="context">What it is for: 8 bytes.</param>
    internal static SecretKey Derive(SecretKey key, ulong id, ReadOnlySpan<byte> context)
    {
        ArgumentNullException.ThrowIfNull(key);
        ArgumentOutOfRangeException.ThrowIfNotEqual(context.Length, Sodium.KdfContextBytes);
        var subKey = SecretKey.Empty();
        Sodium.Require(Sodium.crypto_kdf_blake2b_derive_from_key(subKey.Writable, SecretKey.SizeBytes, id, context, key.Bytes));
        return subKey;
    }
}

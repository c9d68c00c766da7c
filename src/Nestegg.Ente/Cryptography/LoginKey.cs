namespace Nestegg.Ente.Cryptography;

/// <summary>What a client shows the server instead of the password: the first 16 bytes of a sub-key of the password's key.</summary>
internal static class LoginKey
{
    /// <summary>How much of the sub-key SRP uses as its password.</summary>
    public const int SizeBytes = 16;

    /// <summary>Derives it: libsodium's <c>crypto_kdf</c>, id 1, context <c>loginctx</c>. The caller zeroes the result.</summary>
    public static byte[] Derive(SecretKey keyEncryptionKey)
    {
        using var subKey = DeriveSubKey(keyEncryptionKey);
        return subKey.Bytes[..SizeBytes].ToArray();
    }

    internal static SecretKey DeriveSubKey(SecretKey keyEncryptionKey) => SubKey.Derive(keyEncryptionKey, 1, "loginctx"u8);
}

using System.Buffers.Text;
using System.Security.Cryptography;
using Nestegg.Ente.Cryptography;

namespace Nestegg.Ente.Configuration;

/// <summary>
/// museum's own secrets: <c>key.encryption</c> (standard base64 of 32 bytes), <c>key.hash</c> (of 64), <c>jwt.secret</c> (URL base64 of
/// 32). The first two belong to the database: without them nobody can sign in. Zeroed when disposed.
/// </summary>
public sealed class MuseumSecrets : IDisposable
{
    /// <summary>The length of <c>key.encryption</c>.</summary>
    public const int EncryptionKeyBytes = SecretKey.SizeBytes;

    /// <summary>The length of <c>key.hash</c>.</summary>
    public const int HashKeyBytes = 64;

    /// <summary>The length of <c>jwt.secret</c>.</summary>
    public const int JwtSecretBytes = 32;

    private readonly byte[] hashKey;
    private readonly byte[] jwtSecret;

    private MuseumSecrets(MuseumConfiguration configuration)
    {
        var unusable = new List<string>();
        var defaults = new List<string>();
        EncryptionKey = ReadKey("key.encryption");
        hashKey = Read("key.hash", HashKeyBytes, isUrl: false);
        jwtSecret = Read("jwt.secret", JwtSecretBytes, isUrl: true);
        Unusable = unusable;
        PublicDefaults = defaults;

        SecretKey? ReadKey(string key)
        {
            var bytes = Read(key, EncryptionKeyBytes, isUrl: false);
            var secret = bytes.Length > 0 ? SecretKey.From(bytes) : null;
            CryptographicOperations.ZeroMemory(bytes);
            return secret;
        }

        byte[] Read(string key, int length, bool isUrl)
        {
            var text = configuration.Text(key).Trim();
            if (MuseumDefaults.IsPublic(key, text))
            {
                defaults.Add(key);
            }

            if (TryDecode(text, isUrl, out var bytes) && bytes.Length == length)
            {
                return bytes;
            }

            CryptographicOperations.ZeroMemory(bytes);
            unusable.Add(key);
            return [];
        }
    }

    /// <summary>Opens the addresses of accounts; null when the setting is absent or no such key. Lives as long as this object.</summary>
    public SecretKey? EncryptionKey { get; }

    /// <summary>What accounts are looked up with: 64 bytes; empty when the setting is absent or no such key.</summary>
    public ReadOnlySpan<byte> HashKey => hashKey;

    /// <summary>32 bytes; empty when the setting is absent or no such secret.</summary>
    public ReadOnlySpan<byte> JwtSecret => jwtSecret;

    /// <summary>The settings that are absent, are not base64, or decode to another length.</summary>
    public IReadOnlyList<string> Unusable { get; }

    /// <summary>The settings whose value is the one that every museum ships with.</summary>
    public IReadOnlyList<string> PublicDefaults { get; }

    /// <summary>Reads them; what is absent or unusable is named in <see cref="Unusable"/>.</summary>
    public static MuseumSecrets From(MuseumConfiguration configuration) => new(configuration);

    /// <inheritdoc/>
    public void Dispose()
    {
        EncryptionKey?.Dispose();
        CryptographicOperations.ZeroMemory(hashKey);
        CryptographicOperations.ZeroMemory(jwtSecret);
    }

    private static bool TryDecode(string text, bool isUrl, out byte[] bytes)
    {
        var buffer = new byte[text.Length];
        var written = 0;

        // What is not URL base64 is thrown at, not answered, unless it is asked before.
        var isDecoded = text.Length > 0
            && (isUrl
                ? Base64Url.IsValid(text) && Base64Url.TryDecodeFromChars(text, buffer, out written)
                : Convert.TryFromBase64String(text, buffer, out written));
        bytes = isDecoded ? buffer[..written] : [];
        CryptographicOperations.ZeroMemory(buffer);
        return isDecoded;
    }
}

using System.IO.Compression;
using System.Text;
using System.Text.Json.Nodes;
using Nestegg.Ente.Cryptography;

namespace Nestegg.TestKit.Sample;

/// <summary>
/// Encrypts as Ente's apps do, with nonces and headers from the sample's own source of chance, so that a seed gives the same bytes
/// every time. Sealed boxes alone are not repeatable: libsodium makes their ephemeral keys.
/// </summary>
internal sealed class SampleSeal(SampleRandom random)
{
    public SecretKey NewKey() => SecretKey.From(random.Bytes(SecretKey.SizeBytes));

    /// <summary>A secret box and its nonce, both in Base64 as columns hold them.</summary>
    public (string Box, string Nonce) Box(ReadOnlySpan<byte> plaintext, SecretKey key)
    {
        var nonce = random.Bytes(SecretBox.NonceBytes);
        return (Convert.ToBase64String(SecretBox.Seal(plaintext, nonce, key)), Convert.ToBase64String(nonce));
    }

    public (string Box, string Nonce) Box(string text, SecretKey key) => Box(Encoding.UTF8.GetBytes(text), key);

    /// <summary>A file's content as it lies in the bucket, and its header.</summary>
    public (byte[] Encrypted, byte[] Header) Stream(ReadOnlySpan<byte> plaintext, SecretKey key, bool isFinal = true)
    {
        var header = random.Bytes(SecretStream.HeaderBytes);
        return (Stream(plaintext, key, header, isFinal), header);
    }

    /// <summary>The same with a header that is given.</summary>
    /// <param name="isFinal">Whether the last message says that it is the last.</param>
    public static byte[] Stream(ReadOnlySpan<byte> plaintext, SecretKey key, ReadOnlySpan<byte> header, bool isFinal = true)
    {
        var state = default(Sodium.SecretStreamState);
        // A sender and a receiver of a stream begin with the same state; taking the receiver's lets us choose the header.
        Sodium.Require(Sodium.crypto_secretstream_xchacha20poly1305_init_pull(ref state, header, key.Bytes));
        var encrypted = new byte[SecretStream.EncryptedBytes(plaintext.Length)];
        var (read, written) = (0, 0);
        do
        {
            var chunk = plaintext.Slice(read, Math.Min(SecretStream.ChunkBytes, plaintext.Length - read));
            read += chunk.Length;
            var message = encrypted.AsSpan(written, chunk.Length + SecretStream.OverheadBytes);
            var tag = isFinal && read == plaintext.Length ? Sodium.SecretStreamTagFinal : Sodium.SecretStreamTagMessage;
            Sodium.Require(Sodium.crypto_secretstream_xchacha20poly1305_push(ref state, message, 0, chunk, (ulong)chunk.Length, 0, 0, tag));
            written += message.Length;
        }
        while (read < plaintext.Length);
        Sodium.Zero(ref state);
        return encrypted;
    }

    /// <summary>JSON as one message, and its header, both in Base64.</summary>
    public (string Data, string Header) Json(JsonNode json, SecretKey key, bool isFinal = true)
    {
        var (encrypted, header) = Stream(Encoding.UTF8.GetBytes(json.ToJsonString()), key, isFinal);
        return (Convert.ToBase64String(encrypted), Convert.ToBase64String(header));
    }

    /// <summary>The column of metadata that can be edited: <c>{"version", "count", "data", "header"}</c>.</summary>
    public string Magic(JsonObject json, SecretKey key, int version = 1)
    {
        var (data, header) = Json(json, key);
        return new JsonObject { ["version"] = version, ["count"] = json.Count, ["data"] = data, ["header"] = header }.ToJsonString();
    }

    /// <summary>The object that museum writes for ML data and playlists: JSON around gzipped JSON in one message.</summary>
    public byte[] DerivedObject(JsonObject json, SecretKey key)
    {
        var (encrypted, header) = Stream(Gzip(json), key);
        return Encoding.UTF8.GetBytes(new JsonObject
        {
            ["v"] = 1,
            ["encryptedData"] = Convert.ToBase64String(encrypted), ["header"] = Convert.ToBase64String(header), ["client"] = "sample",
        }.ToJsonString());
    }

    public static byte[] Gzip(JsonObject json)
    {
        using var buffer = new MemoryStream();
        using (var gzip = new GZipStream(buffer, CompressionLevel.Fastest))
        {
            gzip.Write(Encoding.UTF8.GetBytes(json.ToJsonString()));
        }

        return buffer.ToArray();
    }
}

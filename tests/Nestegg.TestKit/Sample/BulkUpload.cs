using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Nestegg.Ente.Cryptography;
using Nestegg.Server.S3;
using Npgsql;

namespace Nestegg.TestKit.Sample;

/// <summary>
/// An album with as many files as asked for, of any length, that decrypt like all others: written past the store's and the database's front
/// doors, which would take hours. Memory does not grow with the length of a file.
/// </summary>
public sealed class BulkUpload
{
    /// <summary>What the album is called.</summary>
    public const string AlbumName = "Bulk";

    private const int BatchFiles = 10_000;
    private const long FirstFile = 50_000_000;
    private const long FirstTime = 1_600_000_000_000_000;

    private readonly SampleInstance sample;
    private readonly SampleAlbum album;
    private readonly Func<string, string> pathOf;
    private readonly bool isEmbeddedStore;
    private readonly byte[] filler = RandomNumberGenerator.GetBytes(SecretStream.ChunkBytes);

    private BulkUpload(SampleInstance sample, SampleAlbum album, Func<string, string> pathOf, bool isEmbeddedStore) =>
        (this.sample, this.album, this.pathOf, this.isEmbeddedStore) = (sample, album, pathOf, isEmbeddedStore);

    /// <summary>Adds the album to Ada's, with its objects in the folder of an embedded store, which may be running.</summary>
    public static Task IntoEmbeddedStoreAsync(
        SampleInstance sample, string storeFolder, int count, Func<int, long> lengthBytes, CancellationToken cancellationToken) =>
        AddAsync(sample, key => Path.Combine(storeFolder, sample.Options.BucketPrefix
            + SampleStorage.Slot, KeyPath.ToPath(key)), isEmbeddedStore: true, count, lengthBytes, cancellationToken);

    /// <summary>Adds the album to Ada's, with its objects as files that are named by their keys.</summary>
    public static Task IntoFolderAsync(
        SampleInstance sample, string folder, int count, Func<int, long> lengthBytes, CancellationToken cancellationToken) =>
        AddAsync(sample, key => Path.Combine(folder, key), isEmbeddedStore: false, count, lengthBytes, cancellationToken);

    private static async Task AddAsync(
        SampleInstance sample, Func<string, string> pathOf, bool isEmbeddedStore, int count, Func<int, long> lengthBytes,
        CancellationToken cancellationToken)
    {
        var upload = new BulkUpload(sample, await sample.AddAlbumAsync(AlbumName, cancellationToken), pathOf, isEmbeddedStore);
        Directory.CreateDirectory(Path.GetDirectoryName(pathOf($"{sample.Ada.UserId}/x"))!);
        await using var connection = new NpgsqlConnection(sample.ConnectionString);
        await connection.OpenAsync(cancellationToken);
        for (var first = 0; first < count; first += BatchFiles)
        {
            var rows = new Row[Math.Min(BatchFiles, count - first)];
            var from = first;
            Parallel.For(0, rows.Length, i => rows[i] = upload.Write(from + i, lengthBytes(from + i)));
            await CopyAsync(
                connection,
                "files (file_id, owner_id, file_decryption_header, thumbnail_decryption_header, metadata_decryption_header, "
                + "encrypted_metadata, updation_time)",
                rows.Select(row => row.File), cancellationToken);
            await CopyAsync(
                connection,
                "collection_files (file_id, collection_id, encrypted_key, key_decryption_nonce, updation_time, c_owner_id, f_owner_id)",
                rows.Select(row => row.Membership), cancellationToken);
            await CopyAsync(connection, "object_keys (file_id, o_type, object_key, size, datacenters)", rows.Select(
                row => row.Objects), cancellationToken);
        }
    }

    private static async Task CopyAsync(
        NpgsqlConnection connection, string into, IEnumerable<string> rows, CancellationToken cancellationToken)
    {
        await using var writer = await connection.BeginTextImportAsync($"COPY {into} FROM STDIN", cancellationToken);
        foreach (var row in rows)
        {
            await writer.WriteAsync(row.AsMemory(), cancellationToken);
        }
    }

    private Row Write(int number, long lengthBytes)
    {
        var (id, owner, time) = (FirstFile + number, sample.Ada.UserId, FirstTime + (number * 60_000_000L));
        using var key = SecretKey.Random();
        var (fileKey, thumbnailKey) = ($"{owner}/{Guid.NewGuid()}", $"{owner}/{Guid.NewGuid()}");
        var (header, hash) = WriteObject(fileKey, number, lengthBytes, key);
        var (thumbnailHeader, _) = WriteObject(thumbnailKey, number, 64, key);
        var metadata = new JsonObject
        {
            ["title"] = $"BULK_{number:d7}.jpg",
            ["creationTime"] = time, ["modificationTime"] = time, ["fileType"] = 0, ["hash"] = Convert.ToBase64String(hash),
        };
        var sealedMetadata = SecretStream.Seal(System.Text.Encoding.UTF8.GetBytes(metadata.ToJsonString()), key, out var metadataHeader);
        var wrapped = SecretBox.Seal(key.Bytes, album.Key, out var nonce);
        return new Row(
            $"{id}\t{owner}\t{Text(header)}\t{Text(thumbnailHeader)}\t{Text(metadataHeader)}\t{Text(sealedMetadata)}\t{time}\n",
            $"{id}\t{album.Id}\t{Text(wrapped)}\t{Text(nonce)}\t{time}\t{owner}\t{owner}\n",
            $"{id}\tfile\t{fileKey}\t{SecretStream.EncryptedBytes(lengthBytes)}\t{{{SampleStorage.Slot}}}\n{id}\tthumbnail\t{thumbnailKey}\t{SecretStream.EncryptedBytes(64)}\t{{{SampleStorage.Slot}}}\n");
    }

    private (byte[] Header, byte[] Hash) WriteObject(string objectKey, int number, long lengthBytes, SecretKey key)
    {
        using var encryptor = new SecretStreamEncryptor(key);
        using var hash = new Blake2b();
        using var md5 = IncrementalHash.CreateHash(HashAlgorithmName.MD5);
        using var file = new FileStream(pathOf(objectKey), FileMode.CreateNew, FileAccess.Write, FileShare.Read, bufferSize: 0);
        var size = (int)Math.Min(lengthBytes, SecretStream.ChunkBytes);
        var (plain, message) = (new byte[size], new byte[size + SecretStream.OverheadBytes]);
        for (var written = 0L; ; written += SecretStream.ChunkBytes)
        {
            // No two chunks are the same.
            var chunk = plain.AsSpan(0, (int)Math.Min(size, lengthBytes - written));
            filler.AsSpan(0, chunk.Length).CopyTo(chunk);
            if (chunk.Length >= 16)
            {
                BinaryPrimitives.WriteInt64LittleEndian(chunk, number);
                BinaryPrimitives.WriteInt64LittleEndian(chunk[8..], written);
            }

            var isLast = written + chunk.Length == lengthBytes;
            var sealedChunk = message.AsSpan(0, chunk.Length + SecretStream.OverheadBytes);
            encryptor.Encrypt(chunk, isLast, sealedChunk);
            hash.Update(chunk);
            md5.AppendData(sealedChunk);
            file.Write(sealedChunk);
            if (isLast)
            {
                break;
            }
        }

        if (isEmbeddedStore)
        {
            file.Write(
                ObjectFile.Footer(new ObjectTags(Convert.ToHexStringLower(md5.GetHashAndReset()), new Dictionary<string, string>())));
        }

        return (encryptor.Header.ToArray(), hash.Finish());
    }

    private static string Text(byte[] bytes) => Convert.ToBase64String(bytes);

    /// <summary>Lines of <c>COPY</c> for the three tables that name a file.</summary>
    private readonly record struct Row(string File, string Membership, string Objects);
}

using System.Security.Cryptography;
using Amazon.S3;
using Amazon.S3.Model;
using Npgsql;
using NpgsqlTypes;

namespace Nestegg.TestKit.Sample;

/// <summary>The two places that a sample writes to, the database and the buckets, and what it has put into the buckets so far.</summary>
internal sealed class SampleStorage(NpgsqlConnection database, IAmazonS3 buckets, SampleOptions options)
{
    /// <summary>The slot that originals and thumbnails are in with the quickstart's defaults.</summary>
    public const string Slot = "b2-eu-cen";

    /// <summary>The slot that museum is told to keep derived data in.</summary>
    public const string DerivedSlot = "wasabi-eu-central-2-v3";

    public static readonly string[] Slots = [Slot, DerivedSlot, "scw-eu-fr-v3"];

    private readonly Dictionary<string, SampleObject> objects = new(StringComparer.Ordinal);

    /// <summary>By key.</summary>
    public IReadOnlyDictionary<string, SampleObject> Objects => objects;

    /// <summary>The slot that originals, thumbnails and profile pictures go to.</summary>
    public string HotSlot => options.HotSlot;

    public async Task CreateBucketsAsync(CancellationToken cancellationToken)
    {
        foreach (var slot in Slots)
        {
            await buckets.PutBucketAsync(options.BucketPrefix + slot, cancellationToken);
        }
    }

    /// <param name="slot">The hot one when absent.</param>
    public async Task PutAsync(string key, byte[] content, CancellationToken cancellationToken, string? slot = null)
    {
        slot ??= HotSlot;
        var bucket = options.BucketPrefix + slot;
        await buckets.PutObjectAsync(
            new PutObjectRequest { BucketName = bucket, Key = key, InputStream = new MemoryStream(content), UseChunkEncoding = false },
            cancellationToken);
        objects[key] = new SampleObject(bucket, slot, key, content.Length, Convert.ToHexStringLower(SHA256.HashData(content)));
    }

    public async Task DeleteAsync(string key, CancellationToken cancellationToken)
    {
        await buckets.DeleteObjectAsync(objects[key].Bucket, key, cancellationToken);
        objects.Remove(key);
    }

    /// <summary>The bucket still has it, and no row names it any more.</summary>
    public void Forget(string key) => objects.Remove(key);

    /// <summary>
    /// Adds a row. Texts go without a type, so that the server reads them as whatever the column is: text, jsonb, uuid, an enum or an
    /// array.
    /// </summary>
    public Task InsertAsync(string table, CancellationToken cancellationToken, params (string Column, object? Value)[] values) =>
        ExecuteAsync(
        $"INSERT INTO {table} ({string.Join(", ", values.Select(value => value.Column))}) OVERRIDING SYSTEM VALUE "
        + $"VALUES ({string.Join(", ", values.Select((_, i) => $"${i + 1}"))})",
        cancellationToken, [.. values.Select(value => value.Value)]);

    public async Task ExecuteAsync(string sql, CancellationToken cancellationToken, params object?[] values)
    {
        await using var command = Command(sql, values);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>The first column.</summary>
    public async Task<IReadOnlyList<string>> TextsAsync(string sql, CancellationToken cancellationToken, params object?[] values)
    {
        await using var command = Command(sql, values);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var texts = new List<string>();
        while (await reader.ReadAsync(cancellationToken))
        {
            texts.Add(reader.GetString(0));
        }

        return texts;
    }

    private NpgsqlCommand Command(string sql, object?[] values)
    {
        var command = new NpgsqlCommand(sql, database);
        foreach (var value in values)
        {
            command.Parameters.Add(value is string or null
                ? new NpgsqlParameter { Value = value ?? (object)DBNull.Value, NpgsqlDbType = NpgsqlDbType.Unknown }
                : new NpgsqlParameter { Value = value });
        }

        return command;
    }
}

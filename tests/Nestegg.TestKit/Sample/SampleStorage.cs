using System.Security.Cryptography;
using Amazon.S3;
using Amazon.S3.Model;
using Npgsql;
using NpgsqlTypes;

namespace Nestegg.TestKit.Sample;

/// <summary>The two places that a sample writes to, the database and the buckets, and what it has put into the buckets so far.</summary>
internal sealed class SampleStorage(NpgsqlConnection database, IAmazonS3 buckets, string bucketPrefix)
{
    /// <summary>The slot that everything is in, as with the quickstart's defaults.</summary>
    public const string Slot = "b2-eu-cen";

    public static readonly string[] Slots = [Slot, "wasabi-eu-central-2-v3", "scw-eu-fr-v3"];

    private readonly Dictionary<string, SampleObject> objects = new(StringComparer.Ordinal);

    /// <summary>By key.</summary>
    public IReadOnlyDictionary<string, SampleObject> Objects => objects;

    public async Task CreateBucketsAsync(CancellationToken cancellationToken)
    {
        foreach (var slot in Slots)
        {
            await buckets.PutBucketAsync(bucketPrefix + slot, cancellationToken);
        }
    }

    public async Task PutAsync(string key, byte[] content, CancellationToken cancellationToken)
    {
        await buckets.PutObjectAsync(new PutObjectRequest { BucketName = bucketPrefix + Slot, Key = key, InputStream = new MemoryStream(content), UseChunkEncoding = false }, cancellationToken);
        objects[key] = new SampleObject(bucketPrefix + Slot, key, content.Length, Convert.ToHexStringLower(SHA256.HashData(content)));
    }

    /// <summary>
    /// Adds a row. Texts go without a type, so that the server reads them as whatever the column is: text, jsonb, uuid, an enum or an array.
    /// </summary>
    public Task InsertAsync(string table, CancellationToken cancellationToken, params (string Column, object? Value)[] values) => ExecuteAsync(
        $"INSERT INTO {table} ({string.Join(", ", values.Select(value => value.Column))}) OVERRIDING SYSTEM VALUE VALUES ({string.Join(", ", values.Select((_, i) => $"${i + 1}"))})",
        cancellationToken, [.. values.Select(value => value.Value)]);

    public async Task ExecuteAsync(string sql, CancellationToken cancellationToken, params object?[] values)
    {
        await using var command = new NpgsqlCommand(sql, database);
        foreach (var value in values)
        {
            command.Parameters.Add(value is string or null
                ? new NpgsqlParameter { Value = value ?? (object)DBNull.Value, NpgsqlDbType = NpgsqlDbType.Unknown }
                : new NpgsqlParameter { Value = value });
        }

        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}

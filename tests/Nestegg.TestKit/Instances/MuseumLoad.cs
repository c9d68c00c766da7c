using System.Globalization;
using System.Security.Cryptography;
using Npgsql;

namespace Nestegg.TestKit.Instances;

/// <summary>
/// What a busy museum does to its database and its bucket, in museum's own order: objects are stored before rows name them; deleted
/// originals keep their bytes; machine-learning data is overwritten in place or removed at once. Runs until it is disposed; a failure of it
/// fails the test there.
/// </summary>
public sealed class MuseumLoad : IAsyncDisposable
{
    private readonly RunningInstance instance;
    private readonly CancellationTokenSource stop = new();
    private readonly Task[] actors;
    private long uploads;
    private long rewrites;
    private long removals;

    private MuseumLoad(RunningInstance instance)
    {
        this.instance = instance;
        actors = [RepeatAsync(UploadAsync), RepeatAsync(DeleteAsync), RepeatAsync(RewriteAsync), RepeatAsync(RemoveDerivedAsync)];
    }

    public long Uploads => Interlocked.Read(ref uploads);

    public long Rewrites => Interlocked.Read(ref rewrites);

    public long Removals => Interlocked.Read(ref removals);

    public static MuseumLoad Start(RunningInstance instance) => new(instance);

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await Task.WhenAll(actors);
        stop.Dispose();
    }

    private async Task RepeatAsync(Func<NpgsqlConnection, Task> act)
    {
        await Task.Yield();
        await using var connection = await instance.OpenDatabaseAsync(CancellationToken.None);
        while (!stop.IsCancellationRequested)
        {
            await act(connection);
            await Task.Delay(50);
        }
    }

    // A new photo like one that is there: the same album, the same headers, other bytes.
    private async Task UploadAsync(NpgsqlConnection connection)
    {
        const string Insert = """
            WITH model AS (
                SELECT f.*, cf.collection_id, cf.encrypted_key, cf.key_decryption_nonce FROM files f JOIN collection_files cf USING (file_id)
                WHERE NOT cf.is_deleted AND f.file_decryption_header <> '' ORDER BY f.file_id LIMIT 1),
            new_file AS (
                INSERT INTO files (owner_id, file_decryption_header, thumbnail_decryption_header, metadata_decryption_header, encrypted_metadata, updation_time)
                SELECT owner_id, file_decryption_header, thumbnail_decryption_header, metadata_decryption_header, encrypted_metadata, now_utc_micro_seconds()
                FROM model RETURNING file_id),
            membership AS (
                INSERT INTO collection_files (file_id, collection_id, encrypted_key, key_decryption_nonce, updation_time)
                SELECT new_file.file_id, collection_id, encrypted_key, key_decryption_nonce, now_utc_micro_seconds() FROM model, new_file)
            INSERT INTO object_keys (file_id, o_type, object_key, size, datacenters)
            SELECT file_id, 'file'::object_type, @original, @originalSize, ARRAY['b2-eu-cen'::s3region] FROM new_file
            UNION ALL SELECT file_id, 'thumbnail', @thumbnail, @thumbnailSize, ARRAY['b2-eu-cen'::s3region] FROM new_file
            """;
        var owner = instance.Moment[Role.Owner].UserId;
        var (original, originalSize) = await PutAsync($"{owner}/{Guid.NewGuid()}", 5_000);
        var (thumbnail, thumbnailSize) = await PutAsync($"{owner}/{Guid.NewGuid()}", 500);
        await ExecuteAsync(
            connection, Insert, ("original", original), ("originalSize", originalSize), ("thumbnail", thumbnail),
            ("thumbnailSize", thumbnailSize));
        Interlocked.Increment(ref uploads);
    }

    // Deleted for good: the rows are marked, the bytes stay for 45 days.
    private Task DeleteAsync(NpgsqlConnection connection) => ExecuteAsync(connection, """
        WITH gone AS (SELECT max(file_id) AS file_id FROM object_keys WHERE NOT is_deleted AND random() < 0.5)
        UPDATE object_keys SET is_deleted = true WHERE file_id = (SELECT file_id FROM gone)
        """);

    private async Task RewriteAsync(NpgsqlConnection connection)
    {
        if (await DerivedAsync(connection, "DESC") is not { } row)
        {
            return;
        }

        var (_, size) = await PutAsync(row.Key, 300 + RandomNumberGenerator.GetInt32(3_000), row.Bucket);
        await ExecuteAsync(
            connection,
            "UPDATE file_data SET size = @size, updated_at = now_utc_micro_seconds() WHERE file_id = @file AND data_type = 'mldata' AND "
            + "NOT is_deleted",
            ("size", size), ("file", row.FileId));
        Interlocked.Increment(ref rewrites);
    }

    // The worker marks the row, deletes the object at once, and ends the row; the app makes it again later.
    private async Task RemoveDerivedAsync(NpgsqlConnection connection)
    {
        if (await DerivedAsync(connection, "ASC") is not { } row)
        {
            return;
        }

        await ExecuteAsync(
            connection,
            "UPDATE file_data SET is_deleted = true, pending_sync = true, updated_at = now_utc_micro_seconds() WHERE file_id = @file AND "
            + "data_type = 'mldata'",
            ("file", row.FileId));
        await instance.Objects.DeleteObjectAsync(row.Bucket, row.Key);
        await ExecuteAsync(
            connection, "UPDATE file_data SET pending_sync = false WHERE file_id = @file AND data_type = 'mldata'", ("file", row.FileId));
        var (_, size) = await PutAsync(row.Key, 400, row.Bucket);
        await ExecuteAsync(
            connection,
            "UPDATE file_data SET is_deleted = false, pending_sync = true, size = @size, updated_at = now_utc_micro_seconds() WHERE "
            + "file_id = @file AND data_type = 'mldata'",
            ("size", size), ("file", row.FileId));
        Interlocked.Increment(ref removals);
    }

    /// <summary>The last or the first file with such data, so that rewriting and removing do not meet.</summary>
    private async Task<(long FileId, string Key, string Bucket)?> DerivedAsync(NpgsqlConnection connection, string order)
    {
        await using var command = new NpgsqlCommand($"""
            SELECT file_id, user_id, CAST(latest_bucket AS text) FROM file_data
            WHERE data_type = 'mldata' AND NOT is_deleted ORDER BY file_id {order} LIMIT 1
            """, connection);
        await using var reader = await command.ExecuteReaderAsync();
        if (!await reader.ReadAsync())
        {
            return null;
        }

        var key = string.Create(CultureInfo.InvariantCulture, $"{reader.GetInt64(1)}/file-data/{reader.GetInt64(0)}/mldata");
        return (reader.GetInt64(0), key, instance.BucketOf(reader.GetString(2)));
    }

    private async Task<(string Key, long SizeBytes)> PutAsync(string key, int sizeBytes, string? bucket = null)
    {
        using var content = new MemoryStream(RandomNumberGenerator.GetBytes(sizeBytes));
        await instance.Objects.PutObjectAsync(
            new() { BucketName = bucket ?? instance.Bucket, Key = key, InputStream = content, UseChunkEncoding = false });
        return (key, sizeBytes);
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, params (string Name, object Value)[] parameters)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        foreach (var (name, value) in parameters)
        {
            command.Parameters.AddWithValue(name, value);
        }

        await command.ExecuteNonQueryAsync();
    }
}

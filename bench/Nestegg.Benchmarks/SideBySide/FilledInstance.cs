using System.Security.Cryptography;
using Amazon.S3.Model;
using Nestegg.TestKit.Sample;
using Nestegg.TestKit.Servers;
using Npgsql;
using NpgsqlTypes;

namespace Nestegg.Benchmarks.SideBySide;

/// <summary>
/// The sample instance with a data set's rows in its database and, where the set is small enough, its objects in a bucket of Ceph's
/// gateway.
/// </summary>
internal sealed class FilledInstance : IAsyncDisposable
{
    private const string Slot = "b2-eu-cen";

    private readonly SampleInstance sample;
    private readonly CephGateway store;
    private readonly DataSet data;

    private FilledInstance(SampleInstance sample, CephGateway store, DataSet data) =>
        (this.sample, this.store, this.data) = (sample, store, data);

    public string ConnectionString => sample.ConnectionString;

    public string Bucket => sample.Options.BucketPrefix + Slot;

    public SamplePerson Owner => sample.Ada;

    public SamplePerson Reader => sample.Ben;

    public string ReaderAlbum => Albums(sample.Ben)[0].Name;

    public static async Task<FilledInstance> CreateAsync(DataSet data, string folder, PostgresServer postgres, CephGateway store)
    {
        var sample = await SampleInstance.CreateAsync(
            new SampleOptions
            {
                Folder = folder,
                ServerConnectionString = postgres.ConnectionString("postgres"),
                ObjectStore = store.Endpoint,
                AccessKey = CephGateway.AccessKey,
                SecretKey = CephGateway.SecretKey,
                UsesComposeNames = false,
            },
            CancellationToken.None);
        var instance = new FilledInstance(sample, store, data);
        if (!data.IsEncrypted)
        {
            await instance.FillDatabaseAsync();
        }

        return instance;
    }

    /// <summary>Adds the set's rows to the database, and its objects as files that are named by their keys.</summary>
    public Task WriteEncryptedAsync(string folder) =>
        BulkUpload.IntoFolderAsync(sample, folder, data.FileBytes.Count, i => data.FileBytes[i], CancellationToken.None);

    /// <summary>Puts random bytes where the rows say that objects are.</summary>
    public async Task UploadAsync(int parallel)
    {
        await Parallel.ForEachAsync(Objects(), new ParallelOptions { MaxDegreeOfParallelism = parallel }, async (item, token) =>
        {
            var bytes = new byte[item.SizeBytes];
            RandomNumberGenerator.Fill(bytes);
            using var content = new MemoryStream(bytes);
            await store.Client.PutObjectAsync(
                new PutObjectRequest { BucketName = Bucket, Key = item.Key, InputStream = content, UseChunkEncoding = false }, token);
        });
    }

    /// <summary>The keys that the rows name, with the version that the index must have.</summary>
    public IEnumerable<(string Key, long Version, int SizeBytes)> Objects()
    {
        var owner = sample.Ada.UserId;
        for (var i = 0; i < data.FileBytes.Count; i++)
        {
            yield return ($"{owner}/{Uuid(i, 1)}", 0, data.FileBytes[i]);
            yield return ($"{owner}/{Uuid(i, 2)}", 0, data.ThumbnailBytes[i]);
            if (i < data.DerivedBytes.Count)
            {
                yield return ($"{owner}/file-data/{FileId(i)}/mldata", DerivedVersion, data.DerivedBytes[i]);
            }
        }
    }

    public ValueTask DisposeAsync() => sample.DisposeAsync();

    private const long DerivedVersion = 1_700_000_000_000_000;

    private static long FileId(int i) => 20_000_000L + i;

    // A made-up UUID that looks as random as a real one, so that nothing profits from its order.
    private static Guid Uuid(int i, int part) => new(SHA256.HashData(BitConverter.GetBytes(((long)i << 8) | (uint)part)).AsSpan(0, 16));

    private async Task FillDatabaseAsync()
    {
        // Ten million rows take longer than a query may.
        await using var connection = new NpgsqlConnection(ConnectionString + ";Command Timeout=0");
        await connection.OpenAsync();
        var album = Albums(sample.Ada)[0].Id;
        var owner = sample.Ada.UserId;
        await CopyAsync(
            connection,
            "files (file_id, owner_id, file_decryption_header, thumbnail_decryption_header, metadata_decryption_header, "
            + "encrypted_metadata, updation_time)",
            data.FileBytes.Count, (row, i) =>
            {
                row.Write(FileId(i), NpgsqlDbType.Bigint);
                row.Write(owner, NpgsqlDbType.Bigint);
                for (var header = 0; header < 3; header++)
                {
                    row.Write(RandomText(24), NpgsqlDbType.Text);
                }

                row.Write(RandomText(280), NpgsqlDbType.Text);
                row.Write(DerivedVersion + i, NpgsqlDbType.Bigint);
            });
        await CopyAsync(connection, "collection_files (file_id, collection_id, encrypted_key, key_decryption_nonce, updation_time)",
            data.FileBytes.Count, (row, i) =>
            {
                row.Write(FileId(i), NpgsqlDbType.Bigint);
                row.Write(album, NpgsqlDbType.Bigint);
                row.Write(RandomText(48), NpgsqlDbType.Text);
                row.Write(RandomText(24), NpgsqlDbType.Text);
                row.Write(DerivedVersion + i, NpgsqlDbType.Bigint);
            });
        await CopyTextAsync(
            connection, "object_keys (file_id, o_type, object_key, size, datacenters)", 2 * data.FileBytes.Count, line => line % 2 == 0
            ? $"{FileId(line / 2)}\tfile\t{owner}/{Uuid(line / 2, 1)}\t{data.FileBytes[line / 2]}\t{{{Slot}}}"
            : $"{FileId(line / 2)}\tthumbnail\t{owner}/{Uuid(line / 2, 2)}\t{data.ThumbnailBytes[line / 2]}\t{{{Slot}}}");
        await CopyTextAsync(
            connection, "file_data (file_id, user_id, data_type, size, latest_bucket, updated_at)", data.DerivedBytes.Count, line =>
            $"{FileId(line)}\t{owner}\tmldata\t{data.DerivedBytes[line]}\t{Slot}\t{DerivedVersion}");
        await using var analyze = new NpgsqlCommand("ANALYZE", connection);
        await analyze.ExecuteNonQueryAsync();
    }

    private static async Task CopyAsync(NpgsqlConnection connection, string into, int count, Action<NpgsqlBinaryImporter, int> write)
    {
        await using var import = await connection.BeginBinaryImportAsync($"COPY {into} FROM STDIN (FORMAT BINARY)");
        for (var i = 0; i < count; i++)
        {
            await import.StartRowAsync();
            write(import, i);
        }

        await import.CompleteAsync();
    }

    // Enum types are written as text.
    private static async Task CopyTextAsync(NpgsqlConnection connection, string into, int count, Func<int, string> line)
    {
        await using var import = await connection.BeginTextImportAsync($"COPY {into} FROM STDIN");
        for (var i = 0; i < count; i++)
        {
            await import.WriteAsync(line(i));
            await import.WriteAsync('\n');
        }
    }

    /// <summary>What nobody else sees.</summary>
    private List<SampleAlbum> Albums(SamplePerson owner) =>
        [.. sample.Albums.Where(album => album.Owner == owner && album.SharedWith.Count == 0)];

    private static string RandomText(int bytes) => Convert.ToBase64String(RandomNumberGenerator.GetBytes(bytes));
}

using System.Diagnostics;
using System.IO.Pipelines;
using System.Text;
using Nestegg.Ente;
using Nestegg.Ente.Configuration;
using Nestegg.Ente.Cryptography;
using Nestegg.Repositories;
using Nestegg.Repositories.Files;
using Nestegg.Snapshots;
using Nestegg.Stores.Local;
using Nestegg.TestKit;
using Nestegg.TestKit.Sample;
using Nestegg.TestKit.Servers;

namespace Nestegg.IntegrationTests.Resilience;

/// <summary>What <c>prove</c> takes as a whole program, whatever the size of a file and however many there are.</summary>
public sealed class ProofMemoryTests(SharedServers servers, ITestOutputHelper output) : IDisposable
{
    private const long LimitBytes = 250_000_000;

    private readonly TemporaryFolder folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => folder.Dispose();

    /// <param name="firstBytes">The length of the first file; 0 to leave it as small as the others.</param>
    [Theory]
    [InlineData(2_000, 100_000_000L)]
    [LongData(1, 4L << 30)]
    [LongData(1_000_000, 0L)]
    public async Task Files_are_proved_in_less_than_250_megabytes_however_many_and_however_long_they_are(int files, long firstBytes)
    {
        var words = await BackUpAsync(files, firstBytes);
        await File.WriteAllTextAsync(folder["words.txt"], words, Token);
        var began = Stopwatch.GetTimestamp();
        await using var prove = CliProcess.Start(
            "prove", "--json", "--repository", folder["repository"], "--identity", folder["identity.txt"],
            "--user", MillionInstance.Email(0), "--recovery-key-file", folder["words.txt"]);
        var end = await prove.ExpectAsync(ExitCode.Done, Token);
        output.WriteLine(
            $"{files} files, {end.Summary.GetProperty("decryptedBytes").GetInt64() / 1e6:0} MB decrypted: {Stopwatch.GetElapsedTime(began).TotalSeconds:0.0} s, peak {prove.PeakBytes / 1e6:0} MB");
        Assert.Equal((files, files), (end.Summary.GetProperty("proved").GetInt32(), end.Summary.GetProperty("thumbnails").GetInt32()));
        Assert.InRange(end.Summary.GetProperty("decryptedBytes").GetInt64(), firstBytes, long.MaxValue);
        Assert.InRange(prove.PeakBytes, 1, LimitBytes);
    }

    /// <summary>
    /// Makes a snapshot as a backup does, of objects that are made on the way: those of one length are one and the same, so that a million
    /// take no room.
    /// </summary>
    /// <returns>The recovery key of the person whose files all of them are.</returns>
    private async Task<string> BackUpAsync(int files, long firstBytes)
    {
        var postgres = await servers.PostgresAsync(Token);
        var name = "proved_" + Guid.NewGuid().ToString("n");
        var instance = await MillionInstance.CreateAsync(
            new SampleOptions
            {
                Folder = folder["my-ente"],
                ServerConnectionString = postgres.ConnectionString("postgres"), DatabaseName = name, DatabaseUser = name + "_user",
                ObjectStore = new Uri("http://localhost:3200"), AccessKey = "unused", SecretKey = "unused",
            },
            2 * files, Token, people: 1);
        await using var store = LocalStore.Create(folder["repository"]);
        using var sample = await SampleRepository.CreateAsync(store, Token);
        await File.WriteAllBytesAsync(folder["identity.txt"], [.. sample.Identity.ToText(), (byte)'\n'], Token);
        await using var writer = await sample.Repository.BeginSnapshotAsync(sample.SigningKey, TimeProvider.System, Random.Shared, Token);
        var stored = await writer.LoadObjectsAsync(Token);
        if (firstBytes > 0)
        {
            await AddFirstAsync(instance, stored, postgres, name, firstBytes);
        }

        for (var number = firstBytes > 0 ? 1 : 0; number < instance.Objects; number++)
        {
            var content = instance.Content(number % 64);
            await stored.Writer.AddAsync(instance.ObjectKey(number), 0, new MemoryStream(content), content.Length, Token);
        }

        await PutDatabaseAsync(writer, postgres, name);
        var own = InstanceFolder.Read(folder["my-ente"]);
        await writer.PutSecretAsync(
            SecretPart.Configuration, (stream, token) => ConfigurationArchive.WriteAsync(
                own.Configuration, own.ListFiles(token).Files, stream, TimeProvider.System, token), 10_000, Token);
        await writer.CommitAsync(SampleRepository.Draft(new Dictionary<string, byte[]>()), stored, Token);
        return instance.RecoveryWords;
    }

    /// <summary>Stores a long file in the place of the first, and writes its length, header and hash into the database.</summary>
    private static async Task AddFirstAsync(
        MillionInstance instance, SnapshotObjects stored, PostgresServer postgres, string database, long plainBytes)
    {
        var pipe = new Pipe();
        using var plaintext = new MadeUpStream(plainBytes);
        var encrypting = EncryptAsync();
        await stored.Writer.AddAsync(instance.ObjectKey(0), 0, pipe.Reader.AsStream(), SecretStream.EncryptedBytes(plainBytes), Token);
        var header = await encrypting;
        var metadata = SecretStream.Seal(Encoding.UTF8.GetBytes(
            $$"""{"title":"long.mp4","fileType":1,"hash":"{{plaintext.Hash}}"}"""), instance.FileKey, out var metadataHeader);
        await postgres.ExecuteAsync(database, $"""
            UPDATE object_keys SET size = {SecretStream.EncryptedBytes(plainBytes)} WHERE object_key = '{instance.ObjectKey(0)}';
            UPDATE files SET file_decryption_header = '{Convert.ToBase64String(header)}', encrypted_metadata = '{Convert.ToBase64String(metadata)}',
                metadata_decryption_header = '{Convert.ToBase64String(metadataHeader)}' WHERE file_id = (SELECT file_id FROM object_keys WHERE object_key = '{instance.ObjectKey(0)}');
            """, Token);

        async Task<byte[]> EncryptAsync()
        {
            var made = await SecretStreamEncryptor.EncryptAsync(plaintext, pipe.Writer.AsStream(), instance.FileKey, Token);
            await pipe.Writer.CompleteAsync();
            return made;
        }
    }

    private async Task PutDatabaseAsync(SnapshotWriter writer, PostgresServer postgres, string database)
    {
        await ExternalProgram.RunAsync(
            Path.Combine(postgres.BinFolder, "pg_dump"),
            ["--format=custom", "--compress=0", "--file", folder["database.dump"], "--dbname", postgres.ConnectionUri(database)], Token);
        await using var dump = File.OpenRead(folder["database.dump"]);
        await writer.PutSecretAsync(SecretPart.Database, dump.CopyToAsync, dump.Length, Token);
    }
}

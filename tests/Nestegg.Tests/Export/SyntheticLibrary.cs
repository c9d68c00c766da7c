using System.Text;
using Microsoft.Data.Sqlite;
using Nestegg.Ente;
using Nestegg.Ente.Accounts;
using Nestegg.Ente.Api;
using Nestegg.Ente.Cryptography;
using Nestegg.Ente.Library;
using Nestegg.TestKit;
using Nestegg.Export;

namespace Nestegg.Tests.Export;

/// <summary>
/// A small library with whatever names and metadata a test wants, encrypted as Ente's apps do, in the tables that readers read.
/// </summary>
internal sealed class SyntheticLibrary : IContentSource, IDisposable
{
    internal const long UserId = 7;

    private readonly SqliteConnection connection = new("Data Source=:memory:");
    private readonly Dictionary<long, byte[]> contents = [];
    private readonly Dictionary<long, SecretKey> albumKeys = [];
    private readonly KeyAttributes attributes;
    private readonly SecretKey masterKey = SecretKey.Random();

    internal SyntheticLibrary()
    {
        connection.Open();
        Execute(LiveTables.Schema);
        using var secretKey = SealedBox.NewKeyPair(out var publicKey);
        attributes = new KeyAttributes
        {
            Salt = [],
            Operations = 0, MemoryBytes = 0, MasterKey = null, PublicKey = publicKey, SecretKey = WrappedKey.Wrap(secretKey, masterKey),
            MasterKeyUnderRecoveryKey = null, RecoveryKey = null,
        };
    }

    internal void AddAlbum(long id, string name)
    {
        var key = albumKeys[id] = SecretKey.Random();
        var wrapped = WrappedKey.Wrap(key, masterKey);
        var sealedName = SecretBox.Seal(Encoding.UTF8.GetBytes(name), key, out var nonce);
        Execute(
            "INSERT INTO collections (collection_id, owner_id, encrypted_key, key_decryption_nonce, type, attributes, updation_time, "
            + "is_deleted, encrypted_name, name_decryption_nonce, app) VALUES ($0, 7, $1, $2, 'album', '{}', 1, 0, $3, $4, 'photos')",
            id, Text(wrapped.Box), Text(wrapped.Nonce), Text(sealedName), Text(nonce));
    }

    /// <summary>Adds a file to albums, with metadata that need not be what any app would write.</summary>
    internal void AddFile(long id, string metadata, byte[] content, params long[] albums)
    {
        using var key = SecretKey.Random();
        var blob = SecretStream.Seal(Encoding.UTF8.GetBytes(metadata), key, out var metadataHeader);
        contents[id] = Encrypt(content, key, out var header);
        Execute(
            "INSERT OR REPLACE INTO files VALUES ($0, 7, $1, $1, $2, $3, 1, NULL, NULL, NULL)", id, Text(header), Text(metadataHeader),
            Text(blob));
        Execute("INSERT OR REPLACE INTO object_keys VALUES ($0, 'file', $1, $2, '{}', 0, 0, 0)", id, $"7/{id}", contents[id].Length);
        Execute("INSERT OR REPLACE INTO object_keys VALUES ($0, 'thumbnail', $1, 1, '{}', 0, 0, 0)", id, $"7/{id}t");
        Execute($"DELETE FROM collection_files WHERE file_id = {id}");
        foreach (var album in albums)
        {
            var wrapped = WrappedKey.Wrap(key, albumKeys[album]);
            Execute(
                "INSERT INTO collection_files VALUES ($0, $1, $2, $3, 0, 1, 7, 7, 0)", album, id, Text(wrapped.Box), Text(wrapped.Nonce));
        }
    }

    internal void RenameAlbum(long id, string name)
    {
        var sealedName = SecretBox.Seal(Encoding.UTF8.GetBytes(name), albumKeys[id], out var nonce);
        Execute("UPDATE collections SET encrypted_name = $1, name_decryption_nonce = $2 WHERE collection_id = $0", id, Text(
            sealedName), Text(nonce));
    }

    internal async Task<ExportSummary> ExportAsync(string target, ExportOptions options, CancellationToken cancellationToken)
    {
        using var keys = KeyChain.OpenWithMasterKey(attributes, masterKey).KeyChain!;
        var reader = await LibraryReader.OpenAsync(connection, cancellationToken);
        return await Exporter.RunAsync(
            new ExportAccount(UserId, keys, reader, this), target, options, TimeProvider.System, RunEvents.Nowhere(), cancellationToken);
    }

    /// <summary>What every file's bytes are answered with instead.</summary>
    internal Exception? Failure { get; set; }

    /// <summary>Done when half of a file's bytes have been read; gets the file's id.</summary>
    internal Action<long>? InTheMiddle { get; set; }

    public Task<Stream?> OpenAsync(LibraryFile file, CancellationToken cancellationToken) =>
        Failure is null
            ? Task.FromResult<Stream?>(new WatchedStream(contents[file.Id], () => InTheMiddle?.Invoke(file.Id)))
            : Task.FromException<Stream?>(Failure);

    public void Dispose()
    {
        connection.Dispose();
        masterKey.Dispose();
        foreach (var key in albumKeys.Values)
        {
            key.Dispose();
        }
    }

    private static byte[] Encrypt(byte[] content, SecretKey key, out byte[] header)
    {
        var encrypted = new MemoryStream();
        header = SecretStreamEncryptor.EncryptAsync(new MemoryStream(content), encrypted, key, CancellationToken.None).GetAwaiter()
            .GetResult();
        return encrypted.ToArray();
    }

    private static string Text(byte[] bytes) => Convert.ToBase64String(bytes);

    private void Execute(string sql, params object[] values)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        for (var i = 0; i < values.Length; i++)
        {
            command.Parameters.AddWithValue($"${i}", values[i]);
        }

        command.ExecuteNonQuery();
    }

    private sealed class WatchedStream(byte[] content, Action middle) : ReadOnlyStream
    {
        private readonly MemoryStream inner = new(content);

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var half = content.Length / 2;
            if (inner.Position == half)
            {
                middle();
            }

            var most = inner.Position < half ? half - inner.Position : content.Length;
            return ValueTask.FromResult(inner.Read(buffer.Span[..(int)Math.Min(buffer.Length, most)]));
        }
    }
}

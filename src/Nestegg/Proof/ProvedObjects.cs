using System.Security.Cryptography;
using System.Text;
using Microsoft.Data.Sqlite;
using Nestegg.Ente.Cryptography;
using Nestegg.Ente.Database;
using Nestegg.Repositories;

namespace Nestegg.Proof;

/// <summary>
/// Which objects have been decrypted, by this proof and by earlier ones, in a private temporary file. An object is known by a stamp: a hash over
/// its key, its stored bytes' hash, its header, the file's key and the recorded hash. So a stamp fits only what was proved, and nobody
/// without the file's key can make one. Used by several tasks at once.
/// </summary>
internal sealed class ProvedObjects : IDisposable
{
    public const int StampBytes = 16;

    private readonly PrivateFolder _folder;
    private readonly SqliteConnection _connection;
    private readonly SqliteCommand _find;
    private readonly SqliteCommand _insert;
    private readonly Lock _gate = new();

    public ProvedObjects()
    {
        _folder = PrivateFolder.Create(Path.GetTempPath());
        var path = _folder.CreateFile("proved.sqlite");
        _connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false }.ToString());
        _connection.Open();
        using (var create = Command("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; CREATE TABLE proved (stamp BLOB PRIMARY KEY, is_new INTEGER NOT NULL) WITHOUT ROWID; BEGIN"))
        {
            create.ExecuteNonQuery();
        }

        _find = Command("SELECT is_new FROM proved WHERE stamp = $stamp");
        _find.Parameters.Add("$stamp", SqliteType.Blob);
        _insert = Command("INSERT OR IGNORE INTO proved VALUES ($stamp, $new)");
        _insert.Parameters.Add("$stamp", SqliteType.Blob);
        _insert.Parameters.Add("$new", SqliteType.Integer);
    }

    /// <summary>What an object that was decrypted under these circumstances is known by.</summary>
    public static byte[] Stamp(IndexRow row, ReadOnlySpan<byte> header, SecretKey key, string recordedHash)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.UTF8.GetBytes($"{row.Key}\n{row.Hash}\n{row.SizeBytes}\n{recordedHash}\n{Convert.ToBase64String(header)}\n"));
        hash.AppendData(key.Bytes);
        return hash.GetHashAndReset()[..StampBytes];
    }

    /// <summary>Whether an earlier proof has decrypted it.</summary>
    public bool WasProvedBefore(byte[] stamp)
    {
        lock (_gate)
        {
            _find.Parameters[0].Value = stamp;
            return _find.ExecuteScalar() is 0L;
        }
    }

    /// <param name="isNew">By this proof; otherwise by an earlier one.</param>
    public void Add(byte[] stamp, bool isNew)
    {
        lock (_gate)
        {
            _insert.Parameters[0].Value = stamp;
            _insert.Parameters[1].Value = isNew ? 1 : 0;
            _insert.ExecuteNonQuery();
        }
    }

    /// <summary>Reads the stamps of an earlier proof, a line each.</summary>
    public async Task LoadAsync(Stream lines, CancellationToken cancellationToken)
    {
        using var reader = new StreamReader(lines);
        while (await reader.ReadLineAsync(cancellationToken) is { } line)
        {
            var stamp = new byte[StampBytes];
            if (Convert.FromHexString(line, stamp, out _, out var written) == System.Buffers.OperationStatus.Done && written == StampBytes)
            {
                Add(stamp, isNew: false);
            }
        }
    }

    /// <summary>Writes the stamps of this proof, a line each.</summary>
    public async Task WriteNewAsync(Stream target, CancellationToken cancellationToken)
    {
        await using var command = Command("SELECT stamp FROM proved WHERE is_new = 1");
        await using var rows = await command.ExecuteReaderAsync(cancellationToken);
        while (await rows.ReadAsync(cancellationToken))
        {
            await target.WriteAsync(Encoding.ASCII.GetBytes(Convert.ToHexStringLower(rows.GetFieldValue<byte[]>(0)) + "\n"), cancellationToken);
        }
    }

    public void Dispose()
    {
        _find.Dispose();
        _insert.Dispose();
        _connection.Dispose();
        _folder.Dispose();
    }

    private SqliteCommand Command(string sql)
    {
        var command = _connection.CreateCommand();
        command.CommandText = sql;
        return command;
    }
}

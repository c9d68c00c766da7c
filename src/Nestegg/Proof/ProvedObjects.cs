using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using Nestegg.Ente.Cryptography;
using Nestegg.Ente.Scratch;
using Nestegg.Formats.Age;
using Nestegg.Repositories;
using Nestegg.Repositories.Index;

namespace Nestegg.Proof;

/// <summary>
/// Which objects have been decrypted, by this proof and by earlier ones, in a private temporary file. An object is known by a stamp: a hash
/// over its key, its stored bytes' hash, its header, the file's key and the recorded hash. So a stamp fits only what was proved, and nobody
/// without the file's key can make one. Used by several tasks at once.
/// </summary>
internal sealed class ProvedObjects : IDisposable
{
    public const int StampBytes = 16;

    private readonly ScratchDatabase file;
    private readonly Lock gate = new();

    private ProvedObjects(ScratchDatabase file) => this.file = file;

    public static ProvedObjects Create() =>
        new(ScratchDatabase.CreateWith("CREATE TABLE proved (stamp BLOB PRIMARY KEY, is_new INTEGER NOT NULL) WITHOUT ROWID"));

    /// <summary>What an object that was decrypted under these circumstances is known by.</summary>
    public static byte[] Stamp(IndexRow row, ReadOnlySpan<byte> header, SecretKey key, string recordedHash)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(
            Encoding.UTF8.GetBytes($"{row.Key}\n{row.Hash}\n{row.SizeBytes}\n{recordedHash}\n{Convert.ToBase64String(header)}\n"));
        hash.AppendData(key.Bytes);
        return hash.GetHashAndReset()[..StampBytes];
    }

    /// <summary>Whether an earlier proof has decrypted it.</summary>
    public bool WasProvedBefore(byte[] stamp)
    {
        lock (gate)
        {
            return file.Rows("SELECT 1 FROM proved WHERE stamp = ? AND is_new = 0", stamp).Any();
        }
    }

    /// <summary>Records that this proof has decrypted it.</summary>
    public void Add(byte[] stamp) => Add(stamp, isNew: true);

    /// <summary>Reads what earlier proofs of a person have decrypted, in whichever snapshot.</summary>
    /// <returns>How many proofs there were.</returns>
    public async Task<int> LoadEarlierAsync(
        ProofArchive archive, long userId, IReadOnlyCollection<AgeIdentity> identities, CancellationToken cancellationToken)
    {
        var proofs = 0;
        await foreach (var stamps in archive.OpenStampsAsync(userId, identities, cancellationToken))
        {
            await using (stamps)
            {
                await LoadAsync(stamps, cancellationToken);
            }

            proofs++;
        }

        return proofs;
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
        foreach (var row in file.Rows("SELECT stamp FROM proved WHERE is_new = 1"))
        {
            await target.WriteAsync(Encoding.ASCII.GetBytes(Convert.ToHexStringLower(row.Blob(0)) + "\n"), cancellationToken);
        }
    }

    public void Dispose() => file.Dispose();

    private void Add(byte[] stamp, bool isNew)
    {
        Debug.Assert(stamp.Length == StampBytes, "A stamp of another length fits nothing.");
        lock (gate)
        {
            file.Run("INSERT OR IGNORE INTO proved VALUES (?, ?)", stamp, isNew);
        }
    }
}

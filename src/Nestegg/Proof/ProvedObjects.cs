using System.Buffers;
using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using Nestegg.Ente.Cryptography;
using Nestegg.Ente.Scratch;
using Nestegg.Formats.Age;
using Nestegg.Repositories;
using Nestegg.Repositories.Files;
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
        ProofArchive archive, long userId, IReadOnlyCollection<AgeIdentity> identities, RunLog log, CancellationToken cancellationToken)
    {
        var proofs = 0;
        await foreach (var key in archive.ListOfAsync(userId, cancellationToken))
        {
            try
            {
                await using var stamps = await archive.OpenStampsAsync(key, identities, cancellationToken);
                await LoadAsync(stamps, key, cancellationToken);
                proofs++;
            }
            catch (NesteggException failure) when (failure.SparesOthers || failure.Kind == FailureKind.WrongIdentity)
            {
                // Anybody who can write there can put such a file there: it may not keep anything from being proved.
                log.Find(
                    "earlier-proof-unusable", Severity.Warning, key, $"an earlier proof counts for nothing: {failure.Message}",
                    "what it had proved is proved again; remove its files if you know where they come from");
            }
        }

        return proofs;
    }

    /// <summary>Reads the stamps of an earlier proof, a line each.</summary>
    private async Task LoadAsync(Stream lines, string key, CancellationToken cancellationToken)
    {
        var line = new byte[(2 * StampBytes) + 1];
        while (await lines.ReadAtLeastAsync(line, line.Length, throwOnEndOfStream: false, cancellationToken) is > 0 and var length)
        {
            var stamp = new byte[StampBytes];
            if (length < line.Length || line[^1] != '\n'
                || Convert.FromHexString(line.AsSpan(..^1), stamp, out _, out _) != OperationStatus.Done)
            {
                throw Damage.Of($"the stamps of {key} have a line that is no stamp");
            }

            Add(stamp, isNew: false);
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

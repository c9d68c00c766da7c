using System.Formats.Tar;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using Nestegg.Age;
using Nestegg.Repositories;

namespace Nestegg.Proof;

/// <summary>The proofs that a repository keeps, under <c>proofs/</c> (docs/format.md).</summary>
internal static class ProofArchive
{
    private const string Whole = "prove";
    private const string Sample = "sample";
    private const string SummaryEnd = ".json";
    private const string RecordEnd = ".tar.zst.age";
    private const string StampsEnd = ".stamps.zst.age";

    /// <summary>Keeps a proof; its summary is written last.</summary>
    public static async Task<ProofSummary> WriteAsync(Repository repository, ProofRecord record, ProvedObjects proved, CancellationToken cancellationToken)
    {
        var name = $"{RepositoryKeys.Proofs}{record.Snapshot}/{(record.Sample < 1 ? Sample : Whole)}-{SnapshotId.FormatTime(record.FinishedAt)}-{record.UserId.ToString(CultureInfo.InvariantCulture)}";
        var json = JsonSerializer.SerializeToUtf8Bytes(record, RepositoryJson.Instance.ProofRecord);
        var files = new[]
        {
            await PutAsync(repository, name + RecordEnd, stream => WriteTarAsync(stream, record, json, cancellationToken), cancellationToken),
            await PutAsync(repository, name + StampsEnd, stream => proved.WriteNewAsync(stream, cancellationToken), cancellationToken),
        };
        var summary = new ProofSummary
        {
            Snapshot = record.Snapshot,
            ManifestSha256 = record.ManifestSha256,
            UserId = record.UserId,
            StartedAt = record.StartedAt,
            FinishedAt = record.FinishedAt,
            Program = record.Program,
            Sample = record.Sample,
            OnlyNew = record.OnlyNew,
            Verdict = record.Verdict,
            Counts = record.Counts,
            Files = files,
        };
        byte[] content = [.. JsonSerializer.SerializeToUtf8Bytes(summary, RepositoryJson.Instance.ProofSummary), (byte)'\n'];
        await Repository.PutAsync(repository.Store, name + SummaryEnd, content, cancellationToken);
        return summary;
    }

    /// <summary>The newest proof and the newest sample of each person in each snapshot, or in one. A summary that cannot be read is left out: it is a note, and nothing depends on it.</summary>
    public static async IAsyncEnumerable<ProofSummary> ListAsync(Repository repository, SnapshotId? snapshot, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        // Two keys at most for each snapshot and person.
        var newest = new SortedDictionary<(string Snapshot, string Kind, long User), string>();
        await foreach (var (key, of) in KeysAsync(repository, snapshot, cancellationToken))
        {
            if (!newest.TryGetValue(of, out var other) || string.CompareOrdinal(other, key) < 0)
            {
                newest[of] = key;
            }
        }

        foreach (var key in newest.Values)
        {
            if (await ReadAsync(repository, key, cancellationToken) is { } summary)
            {
                yield return summary;
            }
        }
    }

    /// <summary>Reads what earlier proofs of a person have decrypted, in whichever snapshot.</summary>
    /// <returns>How many proofs there were.</returns>
    public static async Task<int> LoadProvedAsync(
        Repository repository, long userId, IReadOnlyCollection<AgeIdentity> identities, ProvedObjects proved, CancellationToken cancellationToken)
    {
        var proofs = 0;
        await foreach (var (key, of) in KeysAsync(repository, null, cancellationToken))
        {
            var stamps = key[..^SummaryEnd.Length] + StampsEnd;
            if (of.User == userId && await repository.Store.TryOpenAsync(stamps, 0, null, cancellationToken) is { } stored)
            {
                await using var lines = new ZstdReader(await AgeReader.OpenAsync(stored, stamps, identities, repository.Description.Recipients, cancellationToken), stamps);
                await proved.LoadAsync(lines, cancellationToken);
                proofs++;
            }
        }

        return proofs;
    }

    private static async IAsyncEnumerable<(string Key, (string Snapshot, string Kind, long User) Of)> KeysAsync(
        Repository repository, SnapshotId? snapshot, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var item in repository.Store.ListAsync(snapshot is { } one ? $"{RepositoryKeys.Proofs}{one}/" : RepositoryKeys.Proofs, cancellationToken))
        {
            var parts = item.Key.Split('/');
            if (parts.Length == 3 && parts[2].EndsWith(SummaryEnd, StringComparison.Ordinal)
                && parts[2][..^SummaryEnd.Length].Split('-') is [Whole or Sample, _, var user] kind && long.TryParse(user, NumberStyles.None, CultureInfo.InvariantCulture, out var id))
            {
                yield return (item.Key, (parts[1], kind[0], id));
            }
        }
    }

    private static async Task<ProofSummary?> ReadAsync(Repository repository, string key, CancellationToken cancellationToken)
    {
        try
        {
            return await Repository.TryReadAsync(repository.Store, key, cancellationToken) is { } content
                ? JsonSerializer.Deserialize(content, RepositoryJson.Instance.ProofSummary)
                : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static async Task<ManifestFile> PutAsync(Repository repository, string key, Func<Stream, Task> write, CancellationToken cancellationToken)
    {
        await using var part = await PartWriter.CreateSecretAsync(repository, key, cancellationToken);
        await write(part.Content);
        return await part.CommitAsync(cancellationToken);
    }

    private static async Task WriteTarAsync(Stream stream, ProofRecord record, byte[] json, CancellationToken cancellationToken)
    {
        await using var tar = new TarWriter(stream, TarEntryFormat.Ustar, leaveOpen: true);
        foreach (var (name, content) in new[] { ("record.json", json), ("report.html", Encoding.UTF8.GetBytes(ProofReport.Write(record))) })
        {
            await tar.WriteEntryAsync(
                new UstarTarEntry(TarEntryType.RegularFile, name) { DataStream = new MemoryStream(content), ModificationTime = record.FinishedAt, Mode = (UnixFileMode)0b110_100_100 },
                cancellationToken);
        }
    }
}

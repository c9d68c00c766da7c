using System.Formats.Tar;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using Nestegg.Formats.Age;
using Nestegg.Repositories.Files;
using Nestegg.Repositories.Manifests;
using Nestegg.Stores;

namespace Nestegg.Repositories;

/// <summary>The proofs that a repository keeps, under <c>proofs/</c> (docs/format.md).</summary>
internal sealed class ProofArchive(IStore store, IReadOnlyList<AgeRecipient> recipients)
{
    private const string Whole = "prove";
    private const string Sample = "sample";
    private const string SummaryEnd = ".json";
    private const string RecordEnd = ".tar.zst.age";
    private const string StampsEnd = ".stamps.zst.age";

    /// <summary>Keeps a proof; its summary is written last.</summary>
    /// <param name="report">The record as a page for people.</param>
    /// <param name="writeStamps">Writes the stamps of the objects that this proof decrypted.</param>
    public async Task<ProofSummary> WriteAsync(
        ProofRecord record, string report, Func<Stream, CancellationToken, Task> writeStamps, CancellationToken cancellationToken)
    {
        var name =
            $"{RepositoryKeys.Proofs}{record.Snapshot}/{(record.Sample < 1 ? Sample : Whole)}-{SnapshotId.FormatTime(record.FinishedAt)}-{record.UserId.ToString(CultureInfo.InvariantCulture)}";
        var json = JsonSerializer.SerializeToUtf8Bytes(record, ProofJson.Instance.ProofRecord);
        var files = new[]
        {
            await PutAsync(
                name + RecordEnd, (stream, token) => WriteTarAsync(
                    stream, record.FinishedAt, [("record.json", json), ("report.html", Encoding.UTF8.GetBytes(report))], token),
                cancellationToken),
            await PutAsync(name + StampsEnd, writeStamps, cancellationToken),
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
        byte[] content = [.. JsonSerializer.SerializeToUtf8Bytes(summary, ProofJson.Instance.ProofSummary), (byte)'\n'];
        await store.PutAsync(name + SummaryEnd, content, cancellationToken);
        return summary;
    }

    /// <summary>
    /// The newest proof and the newest sample of each person in each snapshot, or in one. A summary that cannot be read is left out: it is
    /// a note, and nothing depends on it.
    /// </summary>
    public async IAsyncEnumerable<ProofSummary> ListAsync(
        SnapshotId? snapshot, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        // Two keys at most for each snapshot and person.
        var newest = new SortedDictionary<(string Snapshot, string Kind, long User), string>();
        await foreach (var (key, of) in KeysAsync(snapshot, cancellationToken))
        {
            if (!newest.TryGetValue(of, out var other) || string.CompareOrdinal(other, key) < 0)
            {
                newest[of] = key;
            }
        }

        foreach (var key in newest.Values)
        {
            if (await ReadAsync(key, cancellationToken) is { } summary)
            {
                yield return summary;
            }
        }
    }

    /// <summary>
    /// Every proof of all that a person has in one of these snapshots: none can be hidden by adding another. What cannot be read is left
    /// out.
    /// </summary>
    public IAsyncEnumerable<ProofSummary> ListWholeAsync(IReadOnlySet<SnapshotId> snapshots, CancellationToken cancellationToken) =>
        KeysAsync(null, cancellationToken)
            .Where(proof => proof.Of.Kind == Whole && SnapshotId.TryParse(proof.Of.Snapshot, out var id) && snapshots.Contains(id))
            .Select(async (proof, token) => await ReadAsync(proof.Key, token))
            .OfType<ProofSummary>();

    /// <summary>The keys of the summaries of all proofs of a person, in whichever snapshot.</summary>
    public IAsyncEnumerable<string> ListOfAsync(long userId, CancellationToken cancellationToken) =>
        KeysAsync(null, cancellationToken).Where(proof => proof.Of.User == userId).Select(proof => proof.Key);

    /// <summary>Opens the stamps of what a proof decrypted. They have been compared with its summary before this returns.</summary>
    /// <param name="key">The summary's.</param>
    /// <exception cref="NesteggException">
    /// <see cref="FailureKind.Damaged"/> or <see cref="FailureKind.WrongIdentity"/>: this proof is of no use.
    /// </exception>
    public async Task<Stream> OpenStampsAsync(
        string key, IReadOnlyCollection<AgeIdentity> identities, CancellationToken cancellationToken)
    {
        var stamps = key[..^SummaryEnd.Length] + StampsEnd;
        var summary = await ReadAsync(key, cancellationToken);
        var file = summary?.Files.FirstOrDefault(file => stamps.EndsWith($"/{file.Name}", StringComparison.Ordinal))
            ?? throw Damage.Of($"{key} is no summary of a proof that names its stamps");
        var stored = new VerifyingStream(await store.OpenAsync(stamps, cancellationToken), stamps, file.SizeBytes, file.Sha256);
        return new ZstdReader(
            await AgeReader.OpenAsync(
                await VerifiedCopy.OfAsync(stored, cancellationToken), stamps, identities,
                [.. recipients.Select(recipient => recipient.ToString())], cancellationToken),
            stamps);
    }

    private async IAsyncEnumerable<(string Key, (string Snapshot, string Kind, long User) Of)> KeysAsync(
        SnapshotId? snapshot, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        // A proof that may not be read counts for nothing, as one that is no proof does.
        var folder = snapshot is { } one ? $"{RepositoryKeys.Proofs}{one}/" : RepositoryKeys.Proofs;
        await foreach (var item in store.ListAsync(folder, cancellationToken).AsFarAsPossible(_ => { }, cancellationToken))
        {
            var parts = item.Key.Split('/');
            if (parts.Length == 3 && parts[2].EndsWith(SummaryEnd, StringComparison.Ordinal)
                && parts[2][..^SummaryEnd.Length].Split('-') is [Whole or Sample, _, var user] kind
                && long.TryParse(user, NumberStyles.None, CultureInfo.InvariantCulture, out var id))
            {
                yield return (item.Key, (parts[1], kind[0], id));
            }
        }
    }

    private async Task<ProofSummary?> ReadAsync(string key, CancellationToken cancellationToken)
    {
        try
        {
            return await store.TryReadAsync(key, cancellationToken) is { } content
                ? JsonSerializer.Deserialize(content, ProofJson.Instance.ProofSummary)
                : null;
        }
        catch (Exception failure) when (failure is JsonException or NesteggException { SparesOthers: true })
        {
            return null;
        }
    }

    private async Task<ManifestFile> PutAsync(string key, Func<Stream, CancellationToken, Task> write, CancellationToken cancellationToken)
    {
        await using var part = await PartWriter.CreateAsync(store, key, 64 * 1024, recipients, cancellationToken);
        await write(part.Content, cancellationToken);
        return await part.CommitAsync(cancellationToken);
    }

    private static async Task WriteTarAsync(
        Stream stream, DateTimeOffset time, IEnumerable<(string Name, byte[] Content)> files, CancellationToken cancellationToken)
    {
        await using var tar = new TarWriter(stream, TarEntryFormat.Ustar, leaveOpen: true);
        foreach (var (name, content) in files)
        {
            var entry = new UstarTarEntry(TarEntryType.RegularFile, name)
            {
                DataStream = new MemoryStream(content), ModificationTime = time, Mode = (UnixFileMode)0b110_100_100,
            };
            await tar.WriteEntryAsync(entry, cancellationToken);
        }
    }
}

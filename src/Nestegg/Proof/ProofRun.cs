using System.Runtime.CompilerServices;
using Nestegg.Ente;
using Nestegg.Ente.Accounts;
using Nestegg.Ente.Database;
using Nestegg.Ente.Library;
using Nestegg.Repositories;
using Nestegg.Repositories.Files;
using Nestegg.Repositories.Manifests;
using Nestegg.Snapshots;

namespace Nestegg.Proof;

/// <summary>Whose library is proved, opened.</summary>
/// <param name="Account">As it was asked for.</param>
/// <param name="OpenedWith"><c>password</c> or <c>recovery key</c>.</param>
internal sealed record ProofAccount(long UserId, string Account, string OpenedWith, KeyChain Keys);

/// <summary>
/// Decrypts everything of a person that a snapshot holds, and says of each file whether it is proved or what exactly is wrong. Damage in
/// one never stops the rest. Holds 500 files' rows, three chunks of 4 MiB for each file that is under way, and the person's albums.
/// </summary>
internal sealed class ProofRun(OpenedSnapshot snapshot, ProofOptions options, TimeProvider time, Random random, RunLog log)
{
    private readonly ProofTally tally = new(log);

    /// <param name="proved">What earlier proofs have decrypted; gets what this one does.</param>
    public async Task<ProofRecord> RunAsync(ProofAccount account, ProvedObjects proved, CancellationToken cancellationToken)
    {
        var startedAt = time.GetUtcNow();
        var reader = await LibraryReader.OpenAsync(snapshot.Connection, cancellationToken);
        var objects = new ProofObjects(snapshot);
        var albums = await reader.AlbumsAsync(account.UserId, account.Keys, cancellationToken);
        try
        {
            var personal = new PersonalProof(reader, objects, tally, options);
            var living = personal.ProveAlbums(albums);
            var total = await reader.CountFilesAsync(account.UserId, living, cancellationToken);
            var files = SampledAsync(FilesAsync(reader, account.UserId, living, albums, cancellationToken), total.Files);
            await ProveFilesAsync(new FileProof(objects, proved, tally, options), files, total, cancellationToken);
            await personal.ProveAsync(account, living, cancellationToken);
            SayWhatIsNewer();
        }
        finally
        {
            foreach (var album in albums)
            {
                album.Dispose();
            }
        }

        return Record(account, startedAt);
    }

    private async Task ProveFilesAsync(
        FileProof proof, IAsyncEnumerable<(LibraryFile File, bool IsSampled)> files, FileTotals total, CancellationToken cancellationToken)
    {
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = options.Parallel, CancellationToken = cancellationToken };
        await Parallel.ForEachAsync(files, parallel, async (next, token) =>
        {
            using (next.File)
            {
                await proof.ProveAsync(next.File, next.IsSampled, token);
            }

            var counts = tally.Counts;
            var isAllRead = counts.FilesProvedBefore + counts.FilesNotSampled == 0;
            log.Progress("prove", counts.Files, total.Files, counts.DecryptedBytes, isAllRead ? total.Bytes : null);
        });
    }

    /// <summary>Of each file, whether its bytes are read: exactly the share that was asked for, any of them equally likely.</summary>
    private async IAsyncEnumerable<(LibraryFile File, bool IsSampled)> SampledAsync(IAsyncEnumerable<LibraryFile> files, long total)
    {
        var left = total;
        var wanted = (long)Math.Ceiling(total * options.Sample);
        await foreach (var file in files)
        {
            var isSampled = options.Sample >= 1 || random.NextDouble() * left < wanted;
            wanted -= isSampled ? 1 : 0;
            left--;
            yield return (file, isSampled);
        }
    }

    private static async IAsyncEnumerable<LibraryFile> FilesAsync(
        LibraryReader reader, long userId, IReadOnlyCollection<Album> living, IReadOnlyCollection<Album> all,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var file in reader.FilesAsync(userId, living, cancellationToken))
        {
            yield return file;
        }

        await foreach (var file in reader.TrashAsync(userId, all, cancellationToken))
        {
            yield return file;
        }
    }

    private void SayWhatIsNewer()
    {
        if (tally.Counts.DerivedNewer is > 0 and var count)
        {
            log.Find(
                "derived-newer", Severity.Note, "derived objects",
                Counted.Of(
                    count,
                    "object of those that apps overwrite was written again between the dump and the copy, and is newer than its row; it opens "
                    + "all the same",
                    "objects of those that apps overwrite were written again between the dump and the copy, and are newer than their rows; "
                    + "they open all the same"));
        }
    }

    private ProofRecord Record(ProofAccount account, DateTimeOffset startedAt) => new()
    {
        RepositoryId = snapshot.Repository.Description.Id,
        Snapshot = snapshot.Manifest.Id,
        ManifestSha256 = snapshot.Manifest.Hash,
        SnapshotCreatedAt = snapshot.Manifest.CreatedAt,
        Instance = snapshot.Manifest.Instance.Name,
        UserId = account.UserId,
        Account = account.Account,
        OpenedWith = account.OpenedWith,
        StartedAt = startedAt,
        FinishedAt = time.GetUtcNow(),
        Program = $"nestegg {typeof(ProofRun).Assembly.GetName().Version?.ToString(3)}",
        Sample = options.Sample,
        OnlyNew = options.OnlyNew,
        Verdict = log.Errors > 0 ? ProofVerdict.NotProved : options.Sample < 1 ? ProofVerdict.SampleProved : ProofVerdict.Proved,
        Counts = tally.Counts with { Errors = log.Errors, Warnings = log.Warnings },
        Albums = tally.Albums,
        Findings = log.Findings,
    };
}

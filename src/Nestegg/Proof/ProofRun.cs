using System.Runtime.CompilerServices;
using Nestegg.Ente.Accounts;
using Nestegg.Ente.Database;
using Nestegg.Ente.Library;
using Nestegg.Repositories;
using Nestegg.Repositories.Proofs;
using Nestegg.Snapshots;

namespace Nestegg.Proof;

/// <summary>Whose library is proved, opened.</summary>
/// <param name="Account">As it was asked for.</param>
/// <param name="OpenedWith"><c>password</c> or <c>recovery key</c>.</param>
internal sealed record ProofAccount(long UserId, string Account, string OpenedWith, KeyChain Keys);

/// <summary>
/// Decrypts everything of a person that a snapshot holds, and says of each file whether it is proved or what exactly is wrong. Damage in one
/// never stops the rest. Holds 500 files' rows, three chunks of 4 MiB for each file that is under way, and the person's albums.
/// </summary>
internal sealed class ProofRun(Repository repository, OpenedSnapshot snapshot, ProofOptions options, TimeProvider time, Random random, RunLog log)
{
    private readonly ProofTally _tally = new(log);
    private long _files;
    private long _bytes;

    /// <param name="proved">What earlier proofs have decrypted; gets what this one does.</param>
    public async Task<ProofRecord> RunAsync(ProofAccount account, ProvedObjects proved, CancellationToken cancellationToken)
    {
        var startedAt = time.GetUtcNow();
        var reader = await LibraryReader.OpenAsync(snapshot.Connection, cancellationToken);
        var objects = new ProofObjects(repository, snapshot);
        var albums = await reader.AlbumsAsync(account.UserId, account.Keys, cancellationToken);
        try
        {
            var personal = new PersonalProof(reader, objects, _tally, options);
            var living = personal.ProveAlbums(albums);
            (_files, _bytes) = await reader.CountFilesAsync(account.UserId, living, cancellationToken);
            await ProveFilesAsync(new FileProof(objects, proved, _tally, options), SampledAsync(reader, account.UserId, living, albums, cancellationToken), cancellationToken);
            await personal.ProveAsync(account, living, cancellationToken);
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

    private async Task ProveFilesAsync(FileProof proof, IAsyncEnumerable<(LibraryFile File, bool IsSampled)> files, CancellationToken cancellationToken)
    {
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = options.Parallel, CancellationToken = cancellationToken };
        await Parallel.ForEachAsync(files, parallel, async (next, token) =>
        {
            using (next.File)
            {
                await proof.ProveAsync(next.File, next.IsSampled, token);
            }

            var counts = _tally.Counts;
            log.Progress("prove", counts.Files, _files, counts.DecryptedBytes, counts.FilesProvedBefore + counts.FilesNotSampled > 0 ? null : _bytes);
        });
    }

    /// <summary>All files of the person, and of each whether its bytes are read: exactly the share that was asked for, any of them equally likely.</summary>
    private async IAsyncEnumerable<(LibraryFile File, bool IsSampled)> SampledAsync(
        LibraryReader reader, long userId, IReadOnlyCollection<Album> living, IReadOnlyCollection<Album> all, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var left = _files;
        var wanted = (long)Math.Ceiling(_files * options.Sample);
        await foreach (var file in FilesAsync())
        {
            var isSampled = options.Sample >= 1 || random.NextDouble() * left < wanted;
            wanted -= isSampled ? 1 : 0;
            left--;
            yield return (file, isSampled);
        }

        async IAsyncEnumerable<LibraryFile> FilesAsync()
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
    }

    private ProofRecord Record(ProofAccount account, DateTimeOffset startedAt) => new()
    {
        RepositoryId = repository.Description.Id,
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
        Counts = _tally.Counts with { Errors = log.Errors, Warnings = log.Warnings },
        Albums = _tally.Albums,
        Findings = log.Findings,
    };
}

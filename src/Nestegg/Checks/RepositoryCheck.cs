using System.Runtime.CompilerServices;
using Nestegg.Repositories;
using Nestegg.Repositories.Files;
using Nestegg.Repositories.Index;
using Nestegg.Repositories.Manifests;
using Nestegg.Stores;

namespace Nestegg.Checks;

/// <summary>What a check does.</summary>
internal sealed record CheckOptions
{
    public ReadScope Read { get; init; } = ReadScope.None;

    /// <summary>How many files are read at the same time.</summary>
    public int Parallelism { get; init; } = 4;

    /// <summary>Where this machine keeps what it remembers of repositories.</summary>
    public required string MemoryFolder { get; init; }

    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Chooses the files of a random subset.</summary>
    public required Random Random { get; init; }
}

/// <summary>
/// Compares a repository with its own records: signatures, hashes, that everything is there with its length, and, as far as it is
/// asked to read, every byte. Changes nothing but that it writes down, for the next backup, what it found damaged; takes no lock: what
/// appears while it runs is not looked at.
/// </summary>
internal sealed class RepositoryCheck(Repository repository, CheckOptions options, RunLog log)
{
    private readonly CheckTally tally = new();

    public async Task<CheckCounts> RunAsync(CancellationToken cancellationToken)
    {
        var memory = await CheckMemory.LoadAsync(options.MemoryFolder, repository, cancellationToken);
        var selection = ReadSelection.Of(options.Read, memory, options.Time, options.Random);
        log.Step("structure", "checking signatures, manifests and index files");

        await CheckIdentityFileAsync(cancellationToken);
        var forgotten = await repository.ReadForgottenAsync(log, cancellationToken, Severity.Error);
        var manifests = await new ManifestCheck(repository, memory, forgotten, selection, tally, log).RunAsync(cancellationToken);
        CheckMarks(forgotten, manifests);
        using var stored = new CheckedFiles();
        await ListStoredAsync(stored, cancellationToken);
        using var index = new IndexCheck(repository, stored, tally, log);
        foreach (var manifest in manifests)
        {
            await index.AddAsync(manifest, cancellationToken);
        }

        if (selection.ReadsAnything)
        {
            log.Step(
                "read", selection.Description.Length == 0 ? "reading every object" : $"reading {selection.Description} of the objects");
        }

        await ReadAsync(AllJobsAsync(index, stored, selection, cancellationToken), stored, selection, cancellationToken);
        tally.Count(counts => counts with { UnusedFiles = stored.CountUnused() });

        var newest = manifests.Select(manifest => (SnapshotId?)manifest.Id).Max();
        if (index.NewestRun is { } run && CommittedSnapshots.BeforeRun(run, newest, Severity.Error) is { } finding)
        {
            log.Find(finding);
        }

        await CountLeftoversAsync(memory, cancellationToken);
        await RecordDamageAsync(cancellationToken);
        selection.Remember(memory);
        if (!await memory.TrySaveAsync(cancellationToken))
        {
            log.Find(
                "no-memory", Severity.Note, options.MemoryFolder,
                $"{options.MemoryFolder} cannot be written: the next check will not know what this one saw",
                "name a folder that this user may write to in the environment variable XDG_CACHE_HOME");
        }

        return tally.Counts with { Errors = log.Errors, Warnings = log.Warnings };
    }

    private void CheckMarks(ForgottenSnapshots forgotten, IReadOnlyList<Manifest> manifests)
    {
        foreach (var manifest in manifests.Where(manifest => forgotten.Has(manifest.Id)))
        {
            tally.Count(counts => counts with { Forgotten = counts.Forgotten + 1 });
            if (!forgotten.Has(new PreviousManifest(manifest.Id, manifest.Hash)))
            {
                log.Find(
                    "manifest-replaced", Severity.Error, RepositoryKeys.SnapshotFile(manifest.Id, RepositoryKeys.Manifest),
                    $"the manifest of {manifest.Id} hashes to {manifest.Hash}, which is not what it hashed to when the snapshot was forgotten",
                    CommittedSnapshots.RemovedHint);
            }
        }
    }

    private async Task CountLeftoversAsync(CheckMemory memory, CancellationToken cancellationToken)
    {
        var items = await repository.Leftovers.ListUnfinishedAsync(cancellationToken).AsFarAsPossible(log.FindUnread, cancellationToken)
            .CountAsync(cancellationToken);
        var snapshots = 0;
        try
        {
            snapshots = (await repository.Leftovers.FindSnapshotsAsync(memory.Committed, cancellationToken)).Interrupted.Count;
        }
        catch (NesteggException e) when (e.IsOfOneItem)
        {
            // The look at the snapshots has named the folder already.
        }

        tally.Count(counts => counts with { Leftovers = snapshots + items });
    }

    private async Task RecordDamageAsync(CancellationToken cancellationToken)
    {
        if (tally.Damaged is not { Count: > 0 } damaged)
        {
            return;
        }

        try
        {
            await repository.DamageClaims.WriteAsync(damaged, cancellationToken);
        }
        catch (NesteggException e) when (e.Kind == FailureKind.OutOfReach)
        {
            log.Find(
                "damage-not-recorded", Severity.Warning, RepositoryKeys.Damage,
                $"the next backup will not know what was found damaged: {e.Message}", e.Hint);
        }
    }

    private async Task CheckIdentityFileAsync(CancellationToken cancellationToken)
    {
        if (repository.Description.IdentitySha256 is null)
        {
            return;
        }

        const string hint = "put it back from another copy: without it the passphrase opens nothing";
        try
        {
            if (await repository.TryReadIdentityFileAsync(cancellationToken) is null)
            {
                log.Find("file-missing", Severity.Error, RepositoryKeys.IdentityFile, $"{RepositoryKeys.IdentityFile} is missing", hint);
            }
        }
        catch (NesteggException e) when (e.SparesOthers)
        {
            log.Find("file-damaged", Severity.Error, RepositoryKeys.IdentityFile, e.Message, hint);
        }
    }

    private async Task ListStoredAsync(CheckedFiles stored, CancellationToken cancellationToken)
    {
        var listing = repository.ListStoredAsync(FindUnknown, cancellationToken).AsFarAsPossible(log.FindUnread, cancellationToken);
        await foreach (var file in listing)
        {
            stored.Add(file);
            tally.Count(counts => counts with
            {
                Objects = counts.Objects + (file.IsPack ? 0 : 1),
                Packs = counts.Packs + (file.IsPack ? 1 : 0),
                StoredBytes = counts.StoredBytes + file.SizeBytes,
            });
        }
    }

    private void FindUnknown(StoreItem item) => log.Find(
        "unknown-file", Severity.Warning, item.Key, $"{item.Key} is not named as an object or a pack is",
        "if it was renamed, rename it back; else remove it");

    /// <summary>First what the index names, then what is left: files that no readable row points to.</summary>
    private async IAsyncEnumerable<FileRows> AllJobsAsync(
        IndexCheck index, CheckedFiles stored, ReadSelection selection, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var job in index.RunAsync(cancellationToken))
        {
            if (selection.ReadsAnything && selection.Includes(job.Key))
            {
                yield return job;
            }
        }

        if (!selection.ReadsAnything)
        {
            yield break;
        }

        var listing = repository.ListStoredAsync(_ => { }, cancellationToken).AsFarAsPossible(_ => { }, cancellationToken);
        await foreach (var file in listing)
        {
            if (selection.Includes(file.Key))
            {
                yield return new FileRows(file.Key, "", []);
            }
        }
    }

    private async Task ReadAsync(
        IAsyncEnumerable<FileRows> jobs, CheckedFiles stored, ReadSelection selection, CancellationToken cancellationToken)
    {
        var content = new ContentCheck(repository, tally, log);
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = options.Parallelism, CancellationToken = cancellationToken };
        await Parallel.ForEachAsync(jobs, parallel, async (job, token) =>
        {
            if (!RepositoryKeys.TryGetHash(job.Key, out var hash, out var isPack) || !stored.TryBeginReading(hash, isPack))
            {
                return;
            }

            await content.ReadAsync(job, hash, isPack, token);
            var (counts, isAll) = (tally.Counts, selection.Description.Length == 0);
            log.Progress("read", counts.ReadFiles, isAll ? stored.Count : null, counts.ReadBytes, isAll ? counts.StoredBytes : null);
        });
    }
}

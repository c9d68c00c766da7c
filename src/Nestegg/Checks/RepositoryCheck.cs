using System.Runtime.CompilerServices;
using Nestegg.Repositories;

namespace Nestegg.Checks;

/// <summary>What a check does.</summary>
internal sealed record CheckOptions
{
    public ReadScope Read { get; init; } = ReadScope.None;

    /// <summary>How many files are read at the same time.</summary>
    public int Parallelism { get; init; } = 4;

    /// <summary>Where this machine keeps what it remembers of repositories.</summary>
    public string MemoryFolder { get; init; } = CheckMemory.DefaultFolder;

    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Chooses the files of a random subset.</summary>
    public Random Random { get; init; } = Random.Shared;
}

/// <summary>
/// Compares a repository with its own records: signatures, hashes, that everything is there with its length, and, as far as it is
/// asked to read, every byte. Changes nothing and takes no lock: what appears while it runs is not looked at.
/// </summary>
internal sealed class RepositoryCheck(Repository repository, CheckOptions options)
{
    private static readonly TimeSpan ProgressInterval = TimeSpan.FromMilliseconds(200);

    /// <param name="report">Gets findings and progress, one at a time.</param>
    public async Task<CheckCounts> RunAsync(Action<RunEvent> report, CancellationToken cancellationToken)
    {
        var log = new CheckLog(report);
        var memory = await CheckMemory.LoadAsync(options.MemoryFolder, repository, cancellationToken);
        var selection = ReadSelection.Of(options.Read, memory, options.Time, options.Random);
        log.Report(new StepEvent("structure", "checking signatures, manifests and index files"));

        await CheckIdentityFileAsync(log, cancellationToken);
        var manifests = await new ManifestCheck(repository, memory, selection, log).RunAsync(cancellationToken);
        using var stored = new StoredFiles();
        await ListStoredAsync(stored, log, cancellationToken);
        var index = new IndexCheck(repository, stored, log);
        foreach (var manifest in manifests)
            await index.AddAsync(manifest, cancellationToken);

        if (selection.ReadsAnything)
            log.Report(new StepEvent("read", selection.Description.Length == 0 ? "reading every object" : $"reading {selection.Description} of the objects"));
        await ReadAsync(AllJobsAsync(index, stored, selection, cancellationToken), stored, selection, log, cancellationToken);
        log.Count(counts => counts with { UnusedFiles = stored.CountUnused() });

        selection.Remember(memory);
        if (!await memory.TrySaveAsync(cancellationToken))
            log.Find("no-memory", Severity.Note, options.MemoryFolder, $"{options.MemoryFolder} cannot be written: the next check will not know what this one saw");
        return log.Counts;
    }

    private async Task CheckIdentityFileAsync(CheckLog log, CancellationToken cancellationToken)
    {
        if (repository.Description.IdentitySha256 is not { } expected)
            return;
        var content = await Repository.TryReadAsync(repository.Store, RepositoryKeys.IdentityFile, cancellationToken);
        if (content is null || ObjectHash.Of(content) != expected)
        {
            log.Find(
                content is null ? "file-missing" : "file-damaged", Severity.Error, RepositoryKeys.IdentityFile,
                content is null ? $"{RepositoryKeys.IdentityFile} is missing" : $"{RepositoryKeys.IdentityFile} hashes to {ObjectHash.Of(content)} and should hash to {expected}",
                "put it back from another copy: without it the passphrase opens nothing");
        }
    }

    private async Task ListStoredAsync(StoredFiles stored, CheckLog log, CancellationToken cancellationToken)
    {
        foreach (var folder in (string[])[RepositoryKeys.Objects, RepositoryKeys.Packs])
        {
            await foreach (var item in repository.Store.ListAsync(folder, cancellationToken))
            {
                if (!TryGetHash(item.Key, out _, out var isPack))
                {
                    log.Find("unknown-file", Severity.Warning, item.Key, $"{item.Key} is not named as an object or a pack is", "if it was renamed, rename it back; else remove it");
                    continue;
                }

                stored.Add(item.Key, item.SizeBytes);
                log.Count(counts => counts with
                {
                    Objects = counts.Objects + (isPack ? 0 : 1),
                    Packs = counts.Packs + (isPack ? 1 : 0),
                    StoredBytes = counts.StoredBytes + item.SizeBytes,
                });
            }
        }
    }

    /// <summary>First what the index names, then what is left: files that no readable row points to.</summary>
    private async IAsyncEnumerable<ReadJob> AllJobsAsync(
        IndexCheck index, StoredFiles stored, ReadSelection selection, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var job in index.RunAsync(cancellationToken))
        {
            if (selection.ReadsAnything && selection.Includes(job.Key))
                yield return job;
        }

        if (!selection.ReadsAnything)
            yield break;
        foreach (var folder in (string[])[RepositoryKeys.Objects, RepositoryKeys.Packs])
        {
            await foreach (var item in repository.Store.ListAsync(folder, cancellationToken))
            {
                if (selection.Includes(item.Key))
                    yield return new ReadJob(item.Key, "", []);
            }
        }
    }

    private async Task ReadAsync(
        IAsyncEnumerable<ReadJob> jobs, StoredFiles stored, ReadSelection selection, CheckLog log, CancellationToken cancellationToken)
    {
        var content = new ContentCheck(repository, log);
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = options.Parallelism, CancellationToken = cancellationToken };
        var reportedAt = options.Time.GetTimestamp();
        await Parallel.ForEachAsync(jobs, parallel, async (job, token) =>
        {
            if (!TryGetHash(job.Key, out var hash, out var isPack) || !stored.TryBeginReading(job.Key))
                return;
            await content.ReadAsync(job, hash, isPack, token);
            var since = Volatile.Read(ref reportedAt);
            if (options.Time.GetElapsedTime(since) < ProgressInterval || Interlocked.CompareExchange(ref reportedAt, options.Time.GetTimestamp(), since) != since)
                return;
            var isAll = selection.Description.Length == 0;
            log.Report(new ProgressEvent("read", log.Counts.ReadFiles, isAll ? stored.Count : 0, log.Counts.ReadBytes, isAll ? log.Counts.StoredBytes : 0));
        });
    }

    /// <summary>The hash in the name of an object or a pack; <see langword="false"/> when the name is not one that we give.</summary>
    private static bool TryGetHash(string key, out ObjectHash hash, out bool isPack)
    {
        isPack = key.StartsWith(RepositoryKeys.Packs, StringComparison.Ordinal);
        var name = key.AsSpan()[(key.LastIndexOf('/') + 1)..];
        if (isPack && name.EndsWith(".tar"))
            name = name[..^4];
        return ObjectHash.TryParse(name, out hash) && key == (isPack ? RepositoryKeys.Pack(hash) : RepositoryKeys.Object(hash));
    }
}

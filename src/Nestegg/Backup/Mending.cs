using Nestegg.Ente;
using Nestegg.Ente.Objects;
using Nestegg.Ente.Scratch;
using Nestegg.Instance;
using Nestegg.Repositories;
using Nestegg.Repositories.Files;
using Nestegg.Repositories.Index;

namespace Nestegg.Backup;

/// <summary>
/// Puts back what the repository has lost of earlier runs' objects, from the buckets, and says what is lost for good and to which
/// snapshots. What cannot be put back as it was is left to the copying, as far as the database still names it.
/// </summary>
internal sealed class Mending(Repository repository, InstanceBuckets buckets, SlotReach reach, SnapshotObjects objects, RunLog log)
{
    private const int BufferBytes = 64 * 1024;

    private readonly Lock gate = new();
    private readonly HashSet<string> notPutBack = new(StringComparer.Ordinal);

    /// <summary>Files that are as damaged as before.</summary>
    public IReadOnlyCollection<string> NotPutBack => notPutBack;

    /// <param name="parallel">Files that are mended at once.</param>
    public async Task RunAsync(int parallel, CancellationToken cancellationToken)
    {
        var lost = objects.Known.Lost();
        using var missing = await FindMissingAsync(cancellationToken);
        notPutBack.UnionWith(missing.FilesElsewhere);
        if (missing.Rows.Count == 0)
        {
            return;
        }

        log.Find(
            "objects-gone", Severity.Warning, "objects",
            Counted.Of(
                missing.Rows.Count, "object that an earlier run stored is gone from the repository or damaged; it is fetched again.",
                "objects that earlier runs stored are gone from the repository or damaged; they are fetched again."),
            "look at the disk, and at who can delete in the repository");
        foreach (var (name, rows) in missing.Rows.Files)
        {
            var options = new ParallelOptions { MaxDegreeOfParallelism = parallel, CancellationToken = cancellationToken };
            var files = Repository.ReadRowsByFileAsync(await repository.ReadIndexAsync(name, cancellationToken), cancellationToken)
                .Where(file => file.Rows.Any(row => rows.Contains(row.Number)));
            await Parallel.ForEachAsync(files, options, (file, token) => MendAsync(name, file, lost.Of(name), missing, token));
        }

        var left = objects.Known.Lost();
        var putBack = missing.Rows.Count - left.Common(missing.Rows.Of).Count;
        log.Step(
            "mending",
            $"of what was gone or damaged, {Counted.Of(putBack, "object is where it was", "objects are where they were")} again");
    }

    /// <summary>Says what earlier snapshots have lost for good. All that this run stores is stored.</summary>
    public async Task ReportAsync(CancellationToken cancellationToken)
    {
        using var missing = await FindMissingAsync(cancellationToken);
        if (missing.Elsewhere > 0)
        {
            log.Step(
                "mending",
                Counted.Of(
                    missing.Elsewhere, "object of earlier snapshots is in another pack than they name; it is read from there",
                    "objects of earlier snapshots are in other packs than they name; they are read from there"));
        }

        await foreach (var (manifest, rows) in repository.WhoNeedsAsync(missing.Rows, cancellationToken))
        {
            log.Find(
                "snapshot-lost-objects", Severity.Warning, manifest.Id.ToString(),
                $"the snapshot {manifest.Id} has lost {rows.Count:N0} of its {Counted.Of(manifest.Counts.Objects, "object")}: "
                + $"no bucket of the instance has {Counted.Word(rows.Count, "it any more as it was", "them any more as they were")}",
                "look for what is lost in another copy of the repository; nestegg check names the files");
        }
    }

    private async Task<MissingObjects> FindMissingAsync(CancellationToken cancellationToken)
    {
        var lost = objects.Known.Lost();
        return lost.Count == 0 ? MissingObjects.None : await MissingObjects.FindAsync(repository, lost, cancellationToken);
    }

    private async ValueTask MendAsync(
        string indexName, FileRows file, RowSet lost, MissingObjects missing, CancellationToken cancellationToken)
    {
        if (!await TryPutBackAsync(indexName, file, missing, cancellationToken))
        {
            lock (gate)
            {
                notPutBack.Add(file.Key);
            }

            return;
        }

        lock (gate)
        {
            foreach (var (number, row) in file.Rows.Where(row => lost.Contains(row.Number)))
            {
                objects.Known.Regain(indexName, number, row);
            }
        }
    }

    // What cannot be put back is stored elsewhere by the copying, which tells what is wrong with the repository as a whole.
    private async Task<bool> TryPutBackAsync(
        string indexName, FileRows file, MissingObjects missing, CancellationToken cancellationToken)
    {
        try
        {
            // What nobody has any more is asked for in every run: first, before all that lay in the pack with it is read.
            var needed = file.Rows.First(one => missing.Rows.Of(indexName).Contains(one.Number)).Row;
            await using var first = await FetchFirstAsync(needed, cancellationToken);
            return first is not null && await repository.TryPutBackAsync(
                file, async (row, token) => row == needed ? first
                    : await missing.TryReadElsewhereAsync(row, token) ?? await FetchAsync(row, token),
                cancellationToken);
        }
        catch (NesteggException failure) when (failure.Kind == FailureKind.OutOfReach)
        {
            log.Find("not-put-back", Severity.Warning, file.Key, $"{file.Key} could not be put back: {failure.Message}", failure.Hint);
            return false;
        }
    }

    private async Task<Stream?> FetchFirstAsync(IndexRow row, CancellationToken cancellationToken) =>
        row.Pack is not null && await repository.TryReadPackedAsync(row, cancellationToken) is { } own
            ? new MemoryStream(own, writable: false)
            : await FetchAsync(row, cancellationToken);

    private async Task<Stream?> FetchAsync(IndexRow row, CancellationToken cancellationToken)
    {
        var kind = ObjectKey.TryParse(row.Key, out var key) ? key.Kind : ObjectKind.File;
        foreach (var slot in buckets.Slots.SearchOrder(SlotNames.None, kind).Where(slot => reach.GivenUp(slot) is null))
        {
            try
            {
                await using var found = await buckets[slot].TryOpenAsync(row.Key, 0, null, cancellationToken);
                reach.Answered(slot);
                if (found?.SizeBytes == row.SizeBytes && await TryCopyAsync(found.Content, row, cancellationToken) is { } copy)
                {
                    return copy;
                }
            }
            catch (NesteggException failure) when (failure.Kind == FailureKind.OutOfReach)
            {
                reach.Failed(slot, failure);
            }
        }

        return null;
    }

    /// <summary>Waits where it cannot harm until its hash is seen to be the row's.</summary>
    private static async Task<Stream?> TryCopyAsync(Stream content, IndexRow row, CancellationToken cancellationToken)
    {
        Stream copy = row.Pack is null ? ScratchFile.Create(BufferBytes) : new MemoryStream((int)row.SizeBytes);
        var isRight = false;
        try
        {
            await using var hashing = new HashingStream(copy);
            await content.CopyToAsync(hashing, BufferBytes, cancellationToken);
            isRight = hashing.Finish() == row.Hash;
            copy.Position = 0;
            return isRight ? copy : null;
        }
        finally
        {
            if (!isRight)
            {
                await copy.DisposeAsync();
            }
        }
    }
}

using System.Runtime.CompilerServices;
using Nestegg.Repositories;
using Nestegg.Repositories.Files;
using Nestegg.Repositories.Index;
using Nestegg.Repositories.Manifests;

namespace Nestegg.Checks;

/// <summary>
/// Looks at the index files and at what their rows name, and says what there is to read. Holds a bit for each row,
/// and the rows of one pack.
/// </summary>
internal sealed class IndexCheck(Repository repository, StoredFiles stored, CheckTally tally, RunLog log)
{
    private const string LostHint = "put the file back from another copy of the repository";

    // The rows that any snapshot needs, by index file.
    private readonly Dictionary<string, RowSet> needed = new(StringComparer.Ordinal);
    private readonly Dictionary<string, SnapshotId> needs = new(StringComparer.Ordinal);

    // Missing or short files, with how many rows they take along: one entry for each such file.
    private readonly Dictionary<string, (long Rows, string Key, string What)> lost = new(StringComparer.Ordinal);

    /// <summary>Takes up what a snapshot needs.</summary>
    public async Task AddAsync(Manifest manifest, CancellationToken cancellationToken)
    {
        var key = RepositoryKeys.SnapshotFile(manifest.Id, RepositoryKeys.LiveRows);
        LiveSet live;
        try
        {
            live = await repository.ReadLiveSetAsync(manifest, cancellationToken);
        }
        catch (NesteggException e) when (e.Kind == FailureKind.Damaged)
        {
            // The check of the manifest's files has named it already.
            return;
        }

        var isAsStated = live.Files.Count == manifest.Index.Count
            && manifest.Index.All(index => live.Files.TryGetValue(index.Name, out var rows) && rows.Count == index.Rows);
        if (!isAsStated)
        {
            log.Find("live-set-wrong", Severity.Error, key, $"{key} does not name the rows that the manifest counts");
        }

        foreach (var (name, rows) in live.Files)
        {
            if (!needed.TryGetValue(name, out var all))
            {
                needed.Add(name, all = new RowSet());
            }

            all.Add(rows);
            if (all.Last == rows.Last)
            {
                needs[name] = manifest.Id;
            }
        }
    }

    /// <summary>Reads every index file. Yields the objects and packs that rows name, each pack with its rows.</summary>
    public async IAsyncEnumerable<ReadJob> RunAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        await foreach (var item in repository.ListAsync(RepositoryKeys.Index, cancellationToken))
        {
            var name = item.Key[RepositoryKeys.Index.Length..];
            seen.Add(name);
            if (!IndexName.TryGetHash(name, out _))
            {
                log.Find(
                    "unknown-file", Severity.Warning, item.Key, $"{item.Key} is no index file's name",
                    "if it was renamed, rename it back; else remove it");
                continue;
            }

            await foreach (var job in ReadFileAsync(name, cancellationToken))
            {
                yield return job;
            }
        }

        foreach (var name in needed.Keys.Where(name => !seen.Contains(name)))
        {
            log.Find(
                "index-missing", Severity.Error, RepositoryKeys.IndexFile(name),
                $"{RepositoryKeys.IndexFile(name)} is missing; {needed[name].Count} objects of {needs[name]} and perhaps others are known by it alone",
                "look for it in another copy of the repository");
        }

        foreach (var (key, (rows, example, what)) in lost)
        {
            log.Find("object-missing", Severity.Error, key, $"{key} {what}; {rows} rows need it, among them {example}", LostHint);
        }
    }

    private async IAsyncEnumerable<ReadJob> ReadFileAsync(string name, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var live = needed.GetValueOrDefault(name) ?? new RowSet();
        var jobs = new List<ReadJob>();
        ReadJob? open = null;
        var isWhole = false;
        await using var reader = await repository.OpenIndexAsync(name, cancellationToken);
        while (!isWhole)
        {
            try
            {
                isWhole = !await reader.ReadBlockAsync(cancellationToken);
                while (!isWhole && reader.TryReadRow(out var line))
                {
                    var row = line.ToRow();
                    if (live.Contains(reader.Row))
                    {
                        CheckPresence(row);
                    }

                    if (open is null || open.Key != row.StoredAs)
                    {
                        jobs.Add(open = new ReadJob(row.StoredAs, name, []));
                    }

                    open.Rows.Add((reader.Row, row));
                }
            }
            catch (NesteggException e) when (log.TryFindDamage(e, "index-damaged", RepositoryKeys.IndexFile(name)))
            {
                yield break;
            }

            // The last one may go on in the next block.
            foreach (var job in isWhole ? jobs : jobs.SkipLast(1))
            {
                yield return job;
            }

            jobs = isWhole || open is null ? [] : [open];
        }

        tally.Count(counts => counts with { IndexFiles = counts.IndexFiles + 1, LiveRows = counts.LiveRows + live.Count });
        if (live.Last > reader.Row)
        {
            log.Find("row-missing", Severity.Error, RepositoryKeys.IndexFile(
                name), $"{RepositoryKeys.IndexFile(name)} has {reader.Row} rows; the snapshot {needs[name]} needs row {live.Last}");
        }
    }

    private void CheckPresence(in IndexRow row)
    {
        var key = row.StoredAs;
        var size = stored.Need(key);
        var what = size < 0 ? "is missing"
            : row.Pack is null && size != row.SizeBytes ? $"has {size} bytes and should have {row.SizeBytes}"
            : row.Offset + row.SizeBytes > size ? $"has {size} bytes, and an entry should end at {row.Offset + row.SizeBytes}"
            : null;
        if (what is not null)
        {
            lost[key] = lost.TryGetValue(key, out var before) ? before with { Rows = before.Rows + 1 } : (1, row.Key, what);
        }
    }
}

/// <summary>A file under <c>objects/</c> or <c>packs/</c> that may be read, and the rows of one index file that point into it.</summary>
internal sealed record ReadJob(string Key, string IndexName, List<(int Number, IndexRow Row)> Rows);

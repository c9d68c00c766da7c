using System.Runtime.CompilerServices;
using Nestegg.Ente;
using Nestegg.Repositories;
using Nestegg.Repositories.Files;
using Nestegg.Repositories.Index;
using Nestegg.Repositories.Manifests;

namespace Nestegg.Checks;

/// <summary>
/// Looks at the index files and at what their rows name, and says what there is to read. Holds a bit for each row,
/// and the rows of one pack; when something is missing, also where else packs have it.
/// </summary>
internal sealed class IndexCheck(Repository repository, CheckedFiles stored, CheckTally tally, RunLog log) : IDisposable
{
    private readonly NeededRows needed = new();

    // Files that are missing or of another length, with how many rows they take along: one entry for each such file.
    private readonly Dictionary<string, (long Rows, string Key, string What)> lost = new(StringComparer.Ordinal);
    private PackedPlaces? places;
    private long elsewhere;

    /// <summary>Of the signed index files that were read.</summary>
    /// <inheritdoc cref="NumberedFiles.NewestRun"/>
    public SnapshotId? NewestRun { get; private set; }

    /// <summary>Takes up what a snapshot needs.</summary>
    public async Task AddAsync(Manifest manifest, CancellationToken cancellationToken)
    {
        var key = RepositoryKeys.SnapshotFile(manifest.Id, RepositoryKeys.LiveRows);
        LiveSet live;
        try
        {
            live = await repository.ReadLiveSetAsync(manifest, cancellationToken);
        }
        catch (NesteggException e) when (e.SparesOthers)
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

        needed.Add(manifest.Id, live);
    }

    /// <summary>Reads every index file. Yields the objects and packs that rows name, each pack with its rows.</summary>
    public async IAsyncEnumerable<FileRows> RunAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var named = needed.IndexFiles.ToHashSet(StringComparer.Ordinal);
        var files = repository.SignedIndexFiles.ReadAsync(named, Severity.Error, Refuse, cancellationToken)
            .AsFarAsPossible(log.FindUnread, cancellationToken);
        await foreach (var index in files)
        {
            seen.Add(RepositoryKeys.IndexFile(index.Name));
            NewestRun = new[] { NewestRun, IndexName.RunOf(index.Name) }.Max();
            await foreach (var rows in ReadFileAsync(index, cancellationToken))
            {
                yield return rows;
            }
        }

        foreach (var name in named.Where(name => !seen.Contains(RepositoryKeys.IndexFile(name))))
        {
            FindMissing(name);
        }

        foreach (var (key, (rows, example, what)) in lost)
        {
            tally.AddDamaged(key);
            log.Find(
                "object-missing", Severity.Error, key, $"{key} {what}; {Counted.Of(rows, "row needs it:", "rows need it, among them")} {example}", ContentCheck.Cure);
        }

        if (elsewhere > 0)
        {
            log.Find(Repository.Elsewhere(elsewhere));
        }

        void Refuse(Finding finding)
        {
            seen.Add(finding.Subject);
            log.Find(finding);
        }
    }

    public void Dispose() => places?.Dispose();

    private async IAsyncEnumerable<FileRows> ReadFileAsync(
        StoredIndex index, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var (name, key) = (index.Name, RepositoryKeys.IndexFile(index.Name));
        var (live, last) = (needed.Of(name), 0);
        await using var files = Repository.ReadRowsByFileAsync(index, cancellationToken).GetAsyncEnumerator(cancellationToken);
        while (true)
        {
            try
            {
                if (!await files.MoveNextAsync())
                {
                    break;
                }
            }
            catch (NesteggException e) when (log.TryFindDamage(e, "index-damaged", key))
            {
                yield break;
            }

            last = files.Current.Rows[^1].Number;
            await LookAsync(files.Current, live, cancellationToken);
            yield return files.Current;
        }

        tally.Count(counts => counts with { IndexFiles = counts.IndexFiles + 1, LiveRows = counts.LiveRows + live.Count });
        if (live.Last > last)
        {
            log.Find(
                "row-missing", Severity.Error, key,
                $"{key} has {Counted.Of(last, "row")}; the snapshot {needed.NeedsLast(name)} needs row {live.Last}");
        }
    }

    private async Task LookAsync(FileRows file, RowSet live, CancellationToken cancellationToken)
    {
        var wanted = file.Rows.Where(one => live.Contains(one.Number)).Select(one => one.Row).ToList();
        if (wanted.Count == 0 || stored.Need(file) is not { } defect)
        {
            return;
        }

        places ??= await repository.LoadPlacesAsync(cancellationToken);
        var missing = wanted.Where(row => !places.Others(row).Any(stored.Has)).ToList();
        elsewhere += wanted.Count - missing.Count;
        if (missing.Count > 0)
        {
            lost[file.Key] = lost.TryGetValue(file.Key, out var before)
                ? before with { Rows = before.Rows + missing.Count }
                : (missing.Count, missing[0].Key, defect);
        }
    }

    private void FindMissing(string name)
    {
        var key = RepositoryKeys.IndexFile(name);
        log.Find(
            "index-missing", Severity.Error, key,
            $"{key} is missing, which alone knows where {Counted.Of(needed.Of(name).Count, "object")} of {needed.NeedsLast(name)}, and "
            + "perhaps of others, can be found",
            "look for it in another copy of the repository");
    }
}

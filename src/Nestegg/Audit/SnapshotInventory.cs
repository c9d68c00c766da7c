using Nestegg.Ente.Objects;
using Nestegg.Repositories;
using Nestegg.Repositories.Files;
using Nestegg.Repositories.Index;
using Nestegg.Repositories.Manifests;
using Nestegg.Snapshots;

namespace Nestegg.Audit;

/// <summary>What a snapshot holds, and what its backup put on the record as missing.</summary>
internal sealed class SnapshotInventory(AuditTables tables, Repository repository, Manifest manifest, RunLog log)
{
    /// <summary>
    /// The index rows are in <c>stored</c> already; beside them come <c>lost</c>, from <c>missing.tsv</c>, and <c>gone</c>, what the
    /// repository has no more.
    /// </summary>
    public async Task LoadAsync(CancellationToken cancellationToken)
    {
        tables.File.Execute("""
            CREATE TABLE gone (key TEXT PRIMARY KEY, why TEXT) WITHOUT ROWID; CREATE TABLE lost (key TEXT PRIMARY KEY) WITHOUT ROWID;
            CREATE TEMP VIEW present AS SELECT key, 0 AS place, size, 0 AS modified FROM stored WHERE key NOT IN (SELECT key FROM gone)
            """);
        tables.File.Begin();
        await foreach (var row in repository.ReadMissingAsync(manifest, cancellationToken))
        {
            tables.File.Run("INSERT OR IGNORE INTO lost VALUES (?)", row.Key);
        }

        using var files = new StoredFiles();
        var listing = repository.ListStoredAsync(_ => { }, cancellationToken).AsFarAsPossible(log.FindUnread, cancellationToken);
        await foreach (var file in listing)
        {
            files.Add(file);
        }

        await CompareAsync(files, cancellationToken);
        tables.File.Commit();
    }

    private async Task CompareAsync(StoredFiles files, CancellationToken cancellationToken)
    {
        PackedPlaces? places = null;
        var elsewhere = 0L;
        foreach (var row in StoredObjects.All(tables.File))
        {
            if (files.DefectOf(row) is not { } defect)
            {
                continue;
            }

            places ??= await repository.LoadPlacesAsync(cancellationToken);
            if (places.Others(row).Any(other => files.DefectOf(other) is null))
            {
                elsewhere++;
            }
            else
            {
                tables.File.Run("INSERT INTO gone VALUES (?, ?)", row.Key, $"{row.StoredAs} {defect}");
            }
        }

        places?.Dispose();
        if (elsewhere > 0)
        {
            log.Find(Repository.Elsewhere(elsewhere));
        }
    }

    /// <summary>Why an object is not there, in words.</summary>
    public string Absence(string key)
    {
        var why = tables.File.Rows("SELECT why FROM gone WHERE key = ?", key).Select(row => row.Text(0)).FirstOrDefault();
        return why is null ? "the snapshot does not have it" : $"the repository has lost it: {why}";
    }

    /// <summary>
    /// Derived data and profile pictures may vanish or be overwritten within minutes. Where the backup found that this had happened, it did
    /// not put them on the record as missing, and it is no loss.
    /// </summary>
    public Task<IReadOnlySet<string>> ConfirmAsync(IReadOnlyList<NamedObject> suspects, CancellationToken cancellationToken)
    {
        var confirmed = new HashSet<string>(StringComparer.Ordinal);
        foreach (var item in suspects)
        {
            var canVanish = item.Kind.IsDerived || item.Kind == ObjectKind.ProfilePicture;
            if (!canVanish || IsLoss(item.Key))
            {
                confirmed.Add(item.Key);
            }
        }

        return Task.FromResult<IReadOnlySet<string>>(confirmed);
    }

    private bool IsLoss(string key) =>
        tables.File.Rows("SELECT 1 FROM lost WHERE key = ?1 UNION ALL SELECT 1 FROM gone WHERE key = ?1", key).Any();
}

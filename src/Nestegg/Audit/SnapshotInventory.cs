using Nestegg.Ente.Objects;
using Nestegg.Repositories;
using Nestegg.Repositories.Manifests;

namespace Nestegg.Audit;

/// <summary>What a snapshot holds, and what its backup put on the record as missing.</summary>
internal sealed class SnapshotInventory(AuditTables tables, Repository repository, Manifest manifest)
{
    /// <summary>The index rows are in <c>stored</c> already; beside them comes <c>lost</c>, from <c>missing.tsv</c>.</summary>
    public async Task LoadAsync(CancellationToken cancellationToken)
    {
        tables.File.Execute("CREATE TEMP VIEW present AS SELECT key, 0 AS place, size, 0 AS modified FROM stored");
        tables.File.Execute("CREATE TABLE lost (key TEXT PRIMARY KEY) WITHOUT ROWID");
        tables.File.Begin();
        await foreach (var row in repository.ReadMissingAsync(manifest, cancellationToken))
        {
            tables.File.Run("INSERT OR IGNORE INTO lost VALUES (?)", row.Key);
        }

        tables.File.Commit();
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
            if (!canVanish || tables.File.Rows("SELECT 1 FROM lost WHERE key = ?", item.Key).Any())
            {
                confirmed.Add(item.Key);
            }
        }

        return Task.FromResult<IReadOnlySet<string>>(confirmed);
    }
}

using Nestegg.Ente.Objects;
using Nestegg.Repositories;

namespace Nestegg.Audit;

/// <summary>What a snapshot holds, and what its backup put on the record as missing.</summary>
internal sealed class SnapshotInventory(AuditTables tables, Repository repository, Manifest manifest)
{
    /// <summary>The index rows are in <c>stored</c> already; beside them comes <c>lost</c>, from <c>missing.tsv</c>.</summary>
    public async Task LoadAsync(CancellationToken cancellationToken)
    {
        await tables.ExecuteAsync(
            "CREATE TEMP VIEW present AS SELECT key, 0 AS place, size, 0 AS modified FROM stored; CREATE TABLE lost (key TEXT PRIMARY KEY) WITHOUT ROWID", cancellationToken);
        if (!manifest.Files.Any(file => file.Name == RepositoryKeys.MissingRows))
        {
            return;
        }

        var key = RepositoryKeys.SnapshotFile(manifest.Id, RepositoryKeys.MissingRows);
        await using var stream = new ZstdReader(await repository.OpenFileAsync(manifest, RepositoryKeys.MissingRows, cancellationToken), key);
        using var reader = new StreamReader(stream);
        await using var insert = tables.Insert("INSERT OR IGNORE INTO lost VALUES ($0)", 1);
        await tables.ExecuteAsync("BEGIN", cancellationToken);
        while (await reader.ReadLineAsync(cancellationToken) is { } line)
        {
            AuditTables.Run(insert, MissingRows.TryParse(line, out var row) ? row!.Key : throw Damage.Of($"{key} has a broken line"));
        }

        await tables.ExecuteAsync("COMMIT", cancellationToken);
    }

    /// <summary>
    /// Derived data and profile pictures may vanish or be overwritten within minutes. Where the backup found that this had happened, it did not put them
    /// on the record as missing, and it is no loss.
    /// </summary>
    public async Task<IReadOnlySet<string>> ConfirmAsync(IReadOnlyList<NamedObject> suspects, CancellationToken cancellationToken)
    {
        var confirmed = new HashSet<string>(StringComparer.Ordinal);
        await using var find = tables.Insert("SELECT 1 FROM lost WHERE key = $0", 1);
        foreach (var item in suspects)
        {
            find.Parameters[0].Value = item.Key;
            var canVanish = item.Kind.IsDerived || item.Kind == ObjectKind.ProfilePicture;
            if (!canVanish || await find.ExecuteScalarAsync(cancellationToken) is not null)
            {
                confirmed.Add(item.Key);
            }
        }

        return confirmed;
    }
}

using Nestegg.Repositories.Files;
using Nestegg.Repositories.Manifests;

namespace Nestegg.Restore;

/// <summary>Decides what happens to the target database, from what it holds.</summary>
internal static class DatabasePlanning
{
    public static (DatabaseAction Action, Refusal? Refusal) Decide(
        TargetDatabase database, DatabaseState state, Manifest snapshot, string? overwrite)
    {
        if (!state.Exists)
        {
            return (DatabaseAction.Create, null);
        }

        if (state.OtherSessions > 0)
        {
            return Refuse(
                $"{state.OtherSessions} other programs are connected to the database {database.Name}; a museum that sees restored rows "
                + $"begins to delete at once",
                "stop museum (docker compose stop museum) and close other connections, then run the same command again");
        }

        if (state.Marker is { } marker && marker.SnapshotId == snapshot.Id.ToString() && marker.RepositoryId == snapshot.RepositoryId)
        {
            // The dump is loaded in one transaction, so tables beside a marker are a whole dump; a museum that was started meanwhile shows
            // in the number of users.
            var isOurs = state.Tables == 0 || state.Users == snapshot.Tables.GetValueOrDefault("users", state.Users);
            if (isOurs)
            {
                return (DatabaseAction.Continue, null);
            }
        }

        if (state.Tables == 0)
        {
            return (DatabaseAction.Fill, null);
        }

        if (overwrite == database.Name)
        {
            return (DatabaseAction.Overwrite, null);
        }

        if (state.Marker is { } other)
        {
            return Refuse(
                $"a restore of the snapshot {other.SnapshotId} was begun in the database "
                + $"{database.Name} at {other.StartedAt:u} and did not end",
                $"go on with --snapshot {other.SnapshotId}, or begin anew with --overwrite-database {database.Name}");
        }

        return state.TableWithRows is null
            ? (DatabaseAction.ReplaceUnused, null)
            : Refuse(
                $"the database {database.Name} ({database.Description}) is not empty: it has "
                + $"{state.Tables} tables, {state.Users} users, and rows in {state.TableWithRows}",
                $"name another database in museum.yaml (db.name), or, if what it holds may be lost, add --overwrite-database "
                + $"{database.Name}");
    }

    private static (DatabaseAction Action, Refusal? Refusal) Refuse(string message, string hint) =>
        (DatabaseAction.Refuse, new Refusal(FailureKind.BadInput, message, hint));
}

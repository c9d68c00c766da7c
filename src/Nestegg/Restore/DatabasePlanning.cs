using Nestegg.Ente;
using Nestegg.Ente.Database;
using Nestegg.Repositories.Files;
using Nestegg.Repositories.Manifests;

namespace Nestegg.Restore;

/// <summary>Decides what happens to the target database, from what it holds.</summary>
internal static class DatabasePlanning
{
    public static (DatabaseAction Action, Refusal? Refusal) Decide(
        TargetDatabase database, DatabaseState state, Manifest snapshot, string? overwrite)
    {
        var (action, refusal) = ByContents(database, state, snapshot, overwrite);
        return (refusal ?? ByRole(database, state, action) ?? BySchema(database, snapshot.Instance.DatabaseSchema)) is { } reason
            ? (DatabaseAction.Refuse, reason)
            : (action, null);
    }

    private static Refusal? ByRole(TargetDatabase database, DatabaseState state, DatabaseAction action)
    {
        var (role, name) = (state.Role, EnteCatalog.Quote(database.Name));
        var user = EnteCatalog.Quote(role.Name);
        if (role.IsOnStandby)
        {
            return new Refusal(
                FailureKind.BadInput,
                $"the server of the database {database.Description} is a standby: it copies another and takes no changes",
                "name the server that it copies in museum.yaml (db.host)");
        }

        return action switch
        {
            DatabaseAction.Create when !role.MayCreateDatabases => new Refusal(
                FailureKind.BadInput, $"the database {database.Name} is absent, and the role {role.Name} may not make it",
                $"as a superuser: CREATE DATABASE {name} OWNER {user} TEMPLATE template0 ENCODING 'UTF8'"),
            DatabaseAction.Fill or DatabaseAction.ReplaceUnused or DatabaseAction.Overwrite when !role.MayCreate => new Refusal(
                FailureKind.BadInput, $"the role {role.Name} may not make anything in the database {database.Name}",
                $"as a superuser: ALTER DATABASE {name} OWNER TO {user}"),
            DatabaseAction.ReplaceUnused or DatabaseAction.Overwrite when !role.OwnsSchema => new Refusal(
                FailureKind.BadInput, $"the role {role.Name} may not empty the database {database.Name}: its tables are another's",
                $"as a superuser: DROP DATABASE {name}; CREATE DATABASE {name} OWNER {user} TEMPLATE template0 ENCODING 'UTF8'"),
            _ => null,
        };
    }

    // Without this the new museum would make empty tables beside the restored ones.
    private static Refusal? BySchema(TargetDatabase database, string schema)
    {
        var configured = database.Settings.SearchPath;
        return configured.Contains(schema) || (configured.Count == 0 && schema == "public")
            ? null
            : new Refusal(
                FailureKind.BadInput,
                $"the tables of the snapshot are in the schema {schema}, and museum.yaml of the new instance leads museum to "
                + $"{(configured.Count == 0 ? "public" : string.Join(", ", configured))}",
                $"set db.extra: search_path={schema} there");
    }

    private static (DatabaseAction Action, Refusal? Refusal) ByContents(
        TargetDatabase database, DatabaseState state, Manifest snapshot, string? overwrite)
    {
        if (!state.Exists)
        {
            return (DatabaseAction.Create, null);
        }

        if (state.OtherSessions > 0)
        {
            return Refuse(
                $"{Counted.Of(state.OtherSessions, "other program is", "other programs are")} connected to the database {database.Name}; a museum that sees restored rows "
                + $"begins to delete at once",
                "stop museum (docker compose stop museum) and close other connections, then run the same command again");
        }

        if (state.InPlaceOfMarker is { } taken)
        {
            return Refuse(
                $"the database {database.Name} has {taken} in the schema {TargetDatabase.MarkerSchema}, in which a restore keeps how far it "
                + "is, and no restore has made that",
                $"rename that schema (ALTER SCHEMA {TargetDatabase.MarkerSchema} RENAME TO …), or name another database in museum.yaml "
                + "(db.name)");
        }

        if (state.Marker is { } marker && marker.SnapshotId == snapshot.Id.ToString() && marker.RepositoryId == snapshot.RepositoryId)
        {
            // The dump is loaded in one transaction, so tables beside a marker are a whole dump; a museum that was started meanwhile shows
            // in the number of users.
            var isOurs = state is { Tables: 0, Stranger: null } || state.Users == snapshot.Tables.GetValueOrDefault("users", state.Users);
            if (isOurs)
            {
                return (DatabaseAction.Continue, null);
            }
        }

        if (state is { Tables: 0, Stranger: null })
        {
            return (DatabaseAction.Fill, null);
        }

        if (overwrite == database.Name)
        {
            return (DatabaseAction.Overwrite, null);
        }

        if (state.Stranger is { } stranger)
        {
            return Refuse(
                $"the database {database.Name} ({database.Description}) has no tables, and is not empty: {stranger} is there",
                $"name another database in museum.yaml (db.name), or, if what it holds may be lost, add --overwrite-database "
                + $"{database.Name}");
        }

        if (state.Marker is { Step: not RestoreStep.Finished } other)
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
                + $"{Counted.Of(state.Tables, "table")}, {Counted.Of(state.Users, "user")}, and rows in {state.TableWithRows}",
                $"name another database in museum.yaml (db.name), or, if what it holds may be lost, add --overwrite-database "
                + $"{database.Name}");
    }

    private static (DatabaseAction Action, Refusal? Refusal) Refuse(string message, string hint) =>
        (DatabaseAction.Refuse, new Refusal(FailureKind.BadInput, message, hint));
}

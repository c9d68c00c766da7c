using Nestegg.Ente.Database;

namespace Nestegg.Restore;

/// <summary>How far a restore had come in a database.</summary>
public enum RestoreStep
{
    /// <summary>The dump is being loaded, in one transaction.</summary>
    Loading,

    /// <summary>The dump is loaded and neutralised; objects are being put, or the audit runs.</summary>
    Loaded,

    /// <summary>Everything was done. What says so stays, for a run that was ended before it could say it itself.</summary>
    Finished,
}

/// <summary>The trace of a restore, kept in the database that it restores.</summary>
public sealed record RestoreMarker(string RepositoryId, string SnapshotId, RestoreStep Step, DateTimeOffset StartedAt);

/// <summary>What there is where the database is to go.</summary>
public sealed record DatabaseState
{
    public bool Exists { get; init; }

    /// <summary>As the server states it: <c>15.18</c>.</summary>
    public string ServerVersion { get; init; } = "";

    public int ServerMajorVersion => int.TryParse(ServerVersion.Split('.', ' ')[0], out var major) ? major : 0;

    public long Tables { get; init; }

    /// <summary>
    /// A table in which there are rows; <see langword="null"/> when there are none but museum's own bookkeeping of a first start.
    /// </summary>
    public string? TableWithRows { get; init; }

    /// <summary>
    /// Where there are no tables: a sequence, type or function in the schema that the tables go into, which no restore has made;
    /// <see langword="null"/> when there is none.
    /// </summary>
    public string? Stranger { get; init; }

    /// <summary>What is in the schema of the marker and no part of it; <see langword="null"/> when there is nothing.</summary>
    public string? InPlaceOfMarker { get; init; }

    public long Users { get; init; }

    /// <summary>Connections of others, museum among them.</summary>
    public int OtherSessions { get; init; }

    /// <summary>The role that restores is a superuser: what it is given to load runs with the rights of the server itself.</summary>
    public bool IsSuperuser { get; init; }

    public RestoreMarker? Marker { get; init; }

    /// <summary>What the role may do there.</summary>
    public DatabaseRole Role { get; init; } = new();

    internal LoadingRights LoadingRights => new(Role.Extensions, IsSuperuser);
}

/// <summary>What a role may do in a database, or, where that is absent, on its server.</summary>
public sealed record DatabaseRole
{
    public string Name { get; init; } = "";

    public bool MayCreateDatabases { get; init; }

    /// <summary>May make schemas and extensions in the database.</summary>
    public bool MayCreate { get; init; }

    /// <summary>May empty the schema that the tables go into.</summary>
    public bool OwnsSchema { get; init; }

    /// <summary>The server copies another and takes no changes.</summary>
    public bool IsOnStandby { get; init; }

    /// <summary>Extensions that are in the database, or that the role may make there.</summary>
    public IReadOnlySet<string> Extensions { get; init; } = new HashSet<string>();
}

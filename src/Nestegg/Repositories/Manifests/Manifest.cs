using System.Text.Json.Serialization;
using Nestegg.Repositories.Files;
using Nestegg.Stores.S3;

namespace Nestegg.Repositories.Manifests;

/// <summary>What <c>snapshot.json</c> says: one snapshot and the hash of everything that it relies on.</summary>
public sealed record Manifest
{
    public int Format { get; init; }

    public string RepositoryId { get; init; } = "";

    /// <summary>The hash of <c>nestegg.json</c>, which says whom the secret parts are encrypted to.</summary>
    public ObjectHash RepositorySha256 { get; init; }

    public SnapshotId Id { get; init; }

    /// <summary>When the database was captured.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset FinishedAt { get; init; }

    public required string Program { get; init; }

    /// <summary>
    /// True only when nothing of what the database names is missing, but for what the apps make again, and the secrets fit.
    /// </summary>
    public required bool Complete { get; init; }

    public PreviousManifest? Previous { get; init; }

    /// <summary>When a listing last showed that the files which the repository's index names are there with their lengths.</summary>
    public DateTimeOffset? PresenceCheckedAt { get; init; }

    public required ManifestInstance Instance { get; init; }

    /// <summary>How the instance's buckets were set up.</summary>
    public IReadOnlyList<ManifestBucket> Buckets { get; init; } = [];

    public required ManifestCounts Counts { get; init; }

    /// <summary>Rows by table at the moment of the snapshot.</summary>
    public required IReadOnlyDictionary<string, long> Tables { get; init; }

    public IReadOnlyList<ManifestFile> Files { get; init; } = [];

    public IReadOnlyList<ManifestIndex> Index { get; init; } = [];

    public required IReadOnlyList<Finding> Findings { get; init; }

    /// <summary>The first 1,000 missing objects.</summary>
    public IReadOnlyList<MissingObject> Missing { get; init; } = [];

    /// <summary>The hash of the file that this was read from or written to.</summary>
    [JsonIgnore]
    public ObjectHash Hash { get; init; }
}

/// <summary>The newest manifest that was there before.</summary>
public sealed record PreviousManifest(SnapshotId Id, ObjectHash Sha256);

/// <summary>Where a snapshot was taken.</summary>
/// <param name="MuseumImage">From compose.yaml; <see langword="null"/> when it says nothing.</param>
public sealed record ManifestInstance(string Name, string? MuseumImage, string DatabaseVersion, long SchemaVersion, bool SchemaDirty)
{
    /// <summary>The schema that museum's tables are in.</summary>
    public string DatabaseSchema { get; init; } = "public";
}

/// <summary>A bucket of the instance.</summary>
/// <param name="Settings">As far as the store told them.</param>
public sealed record ManifestBucket(string Slot, string Bucket, BucketSettings Settings);

/// <summary>How much a snapshot holds.</summary>
public sealed record ManifestCounts
{
    public required long Users { get; init; }

    public required long Files { get; init; }

    public required long Objects { get; init; }

    public required long ObjectBytes { get; init; }

    /// <summary>Objects that this run stored first; the writer of the snapshot fills this in.</summary>
    public long NewObjects { get; init; }

    public long NewBytes { get; init; }

    public required long Missing { get; init; }

    /// <summary>Missing objects that can be made again.</summary>
    public required long MissingDerived { get; init; }

    public required IReadOnlyDictionary<string, KindCounts> Kinds { get; init; }
}

public sealed record KindCounts(long Objects, long Bytes);

/// <summary>A file of the snapshot's folder.</summary>
public sealed record ManifestFile(string Name, long SizeBytes, ObjectHash Sha256);

/// <summary>An index file that the snapshot uses.</summary>
/// <param name="Name">Without the folder.</param>
/// <param name="Rows">How many of its rows the snapshot uses.</param>
public sealed record ManifestIndex(string Name, long SizeBytes, ObjectHash Sha256, long Rows);

/// <summary>An object that the database names and that was nowhere.</summary>
/// <param name="SizeBytes">The length that the database states, or <see cref="UnknownBytes"/>.</param>
public sealed record MissingObject(string Key, long SizeBytes, string Kind, string Reason)
{
    /// <summary>What format 1 writes where no length is stated.</summary>
    public const long UnknownBytes = -1;
}

/// <inheritdoc cref="RepositoryJson"/>
[JsonSerializable(typeof(Manifest))]
internal sealed partial class ManifestJson : JsonSerializerContext
{
    public static ManifestJson Instance { get; } = new(RepositoryJson.NewOptions());
}

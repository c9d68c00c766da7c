namespace Nestegg.TestKit.Sample;

/// <summary>Where a sample instance is made, and of what.</summary>
public sealed record SampleOptions
{
    /// <summary>Becomes the operator's folder, as the quickstart makes it.</summary>
    public required string Folder { get; init; }

    /// <summary>A superuser's connection to the server's <c>postgres</c> database.</summary>
    public required string ServerConnectionString { get; init; }

    /// <summary>The object store, as this process reaches it.</summary>
    public required Uri ObjectStore { get; init; }

    public required string AccessKey { get; init; }

    public required string SecretKey { get; init; }

    /// <summary>Made by the sample; must not exist.</summary>
    public string DatabaseName { get; init; } = "ente_db";

    /// <summary>Owns the database; made by the sample unless it exists.</summary>
    public string DatabaseUser { get; init; } = "pguser";

    /// <summary>Goes before the buckets' names, so that several samples can share a store.</summary>
    public string BucketPrefix { get; init; } = "";

    /// <summary>
    /// Whether the configuration says <c>postgres:5432</c> and <c>localhost:3200</c>, as inside a compose network, which needs a map; else
    /// it says where the servers really are.
    /// </summary>
    public bool UsesComposeNames { get; init; } = true;

    /// <summary>The slot of museum's hot storage: the quickstart's, or another that <c>museum.yaml</c> then names.</summary>
    public string HotSlot { get; init; } = SampleStorage.Slot;

    public int Seed { get; init; } = 1;

    /// <summary>Pictures in the first album; everything else has a fixed number.</summary>
    public int Pictures { get; init; } = 12;

    /// <summary>The length of the larger video, in bytes; more than two chunks of 4 MiB.</summary>
    public int VideoBytes { get; init; } = (9 * 1024 * 1024) + 4321;

    public TimeProvider Time { get; init; } = TimeProvider.System;
}

using Nestegg.Ente.Configuration;
using Nestegg.Repositories;
using Nestegg.Snapshots;
using Nestegg.Stores;
using Nestegg.TestKit;

namespace Nestegg.IntegrationTests.Restore;

/// <summary>A repository with a snapshot of the recorded instance, written piece by piece.</summary>
internal sealed class RecordedSnapshot : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly SampleRepository sample;

    private RecordedSnapshot(SampleRepository sample) => this.sample = sample;

    public required Manifest Manifest { get; init; }

    public required string RepositoryPath { get; init; }

    public required string IdentityPath { get; init; }

    public SampleRepository Sample => sample;

    public Repository Repository => sample.Repository;

    /// <param name="moment"><c>t1</c> or <c>t2</c>.</param>
    /// <param name="dumpPath">Another dump than the recorded one.</param>
    /// <param name="instance">Another instance folder than the recorded one.</param>
    public static async Task<RecordedSnapshot> CreateAsync(string moment, CancellationToken cancellationToken, string? dumpPath = null, string? instance = null)
    {
        var place = Directory.CreateTempSubdirectory("nestegg-test-").FullName;
        var path = Path.Combine(place, "repository");
        var sample = await SampleRepository.CreateAsync(LocalStore.Create(path), cancellationToken);
        var identityPath = Path.Combine(place, "identity.txt");
        await File.WriteAllBytesAsync(identityPath, sample.Identity.ToText(), cancellationToken);
        var manifest = await WriteAsync(sample, moment, dumpPath ?? FixtureFolder.Dump(moment), instance ?? FixtureFolder.Instance, cancellationToken);
        return new RecordedSnapshot(sample) { Manifest = manifest, RepositoryPath = path, IdentityPath = identityPath };
    }

    public void Dispose()
    {
        sample.Dispose();
        folder.Dispose();
        Directory.Delete(Path.GetDirectoryName(RepositoryPath)!, recursive: true);
    }

    private static async Task<Manifest> WriteAsync(SampleRepository sample, string moment, string dumpPath, string instance, CancellationToken cancellationToken)
    {
        await using var writer = await SnapshotWriter.CreateAsync(sample.Repository, sample.SigningKey, TimeProvider.System, cancellationToken);
        await writer.LoadKnownAsync(cancellationToken);
        await writer.PutSecretAsync(RepositoryKeys.Database, async (stream, token) =>
        {
            await using var dump = File.OpenRead(dumpPath);
            await dump.CopyToAsync(stream, token);
        }, 1_000_000, cancellationToken);
        await writer.PutSecretAsync(
            RepositoryKeys.Configuration, (stream, token) => ConfigurationArchive.WriteAsync(InstanceFolder.Read(instance), stream, TimeProvider.System, token), 10_000, cancellationToken);
        var bytes = 0L;
        var objects = 0L;
        foreach (var item in FixtureFolder.Objects(moment))
        {
            await using var content = File.OpenRead(item.FilePath);
            await writer.Objects.AddAsync(item.Key, 0, content, item.SizeBytes, cancellationToken);
            bytes += item.SizeBytes;
            objects++;
        }

        var draft = SampleRepository.Draft(writer, new Dictionary<string, byte[]>());
        return await writer.CommitAsync(
            draft with
            {
                CreatedAt = new DateTimeOffset(2026, 11, 23, 12, 0, 0, TimeSpan.Zero),
                Instance = new ManifestInstance("family", "ghcr.io/ente/server", "15.18", 124, false),
                Counts = draft.Counts with { Objects = objects, ObjectBytes = bytes },
                Tables = new Dictionary<string, long> { ["users"] = 3 },
            },
            cancellationToken);
    }
}

using Nestegg.Ente.Configuration;
using Nestegg.Repositories;
using Nestegg.Repositories.Files;
using Nestegg.Repositories.Manifests;
using Nestegg.Snapshots;
using Nestegg.Stores.Local;
using Nestegg.TestKit;
using Nestegg.TestKit.Instances;

namespace Nestegg.IntegrationTests.Restore;

/// <summary>A repository with a snapshot of a known instance, written piece by piece.</summary>
internal sealed class KnownSnapshot : IDisposable
{
    private readonly TemporaryFolder folder;

    private KnownSnapshot(TemporaryFolder folder, KnownMoment moment, SampleRepository sample, Manifest manifest) =>
        (this.folder, Moment, Sample, Manifest) = (folder, moment, sample, manifest);

    /// <summary>What it is a snapshot of.</summary>
    public KnownMoment Moment { get; }

    public SampleRepository Sample { get; }

    /// <summary>What is restored; a test may change what it says.</summary>
    public Manifest Manifest { get; set; }

    public Repository Repository => Sample.Repository;

    public string RepositoryPath => folder["repository"];

    public string IdentityPath => folder["identity.txt"];

    public static async Task<KnownSnapshot> CreateAsync(KnownMoment moment, CancellationToken cancellationToken)
    {
        var folder = new TemporaryFolder();
        var sample = await SampleRepository.CreateAsync(LocalStore.Create(folder["repository"]), cancellationToken);
        await File.WriteAllBytesAsync(folder["identity.txt"], sample.Identity.ToText(), cancellationToken);
        return new KnownSnapshot(folder, moment, sample, await WriteAsync(sample, moment, cancellationToken));
    }

    public void Dispose()
    {
        Sample.Dispose();
        folder.Dispose();
    }

    private static async Task<Manifest> WriteAsync(SampleRepository sample, KnownMoment moment, CancellationToken cancellationToken)
    {
        await using var writer =
            await sample.Repository.BeginSnapshotAsync(sample.SigningKey, TimeProvider.System, Random.Shared, cancellationToken);
        var stored = await writer.LoadObjectsAsync(cancellationToken);
        await writer.PutSecretAsync(SecretPart.Database, async (stream, token) =>
        {
            await using var dump = File.OpenRead(moment.DumpPath);
            await dump.CopyToAsync(stream, token);
        }, 1_000_000, cancellationToken);
        var instance = InstanceFolder.Read(moment.Folder);
        await writer.PutSecretAsync(
            SecretPart.Configuration, (stream, token) => ConfigurationArchive.WriteAsync(
                instance.Configuration, instance.ListFiles(token).Files, stream, TimeProvider.System, token), 10_000, cancellationToken);
        foreach (var item in moment.Objects)
        {
            await using var content = File.OpenRead(item.FilePath);
            await stored.Writer.AddAsync(item.Key, 0, content, item.SizeBytes, cancellationToken);
        }

        var draft = SampleRepository.Draft(new Dictionary<string, byte[]>());
        return await writer.CommitAsync(
            draft with
            {
                CreatedAt = new DateTimeOffset(2026, 11, 23, 12, 0, 0, TimeSpan.Zero),
                Instance = new ManifestInstance("family", "ghcr.io/ente/server", "15.18", 124, false),
                Counts = draft.Counts with { Objects = moment.Objects.Count, ObjectBytes = moment.Objects.Sum(item => item.SizeBytes) },
                Tables = new Dictionary<string, long> { ["users"] = moment.Users },
            },
            stored, cancellationToken);
    }
}

using Nestegg.Formats.Age;
using Nestegg.Formats.Minisign;
using Nestegg.Repositories;
using Nestegg.Repositories.Files;
using Nestegg.Repositories.Manifests;
using Nestegg.Stores;

namespace Nestegg.TestKit;

/// <summary>A repository with keys of its own on any store, and snapshots made of given objects.</summary>
internal sealed class SampleRepository : IDisposable
{
    private SampleRepository(AgeIdentity identity, MinisignSecretKey signingKey, Repository repository) =>
        (Identity, SigningKey, Repository) = (identity, signingKey, repository);

    public AgeIdentity Identity { get; }

    public MinisignSecretKey SigningKey { get; }

    public Repository Repository { get; private set; }

    public static async Task<SampleRepository> CreateAsync(IStore store, CancellationToken cancellationToken)
    {
        var identity = AgeIdentity.Generate();
        var signingKey = MinisignSecretKey.Generate();
        var repository =
            await Repository.CreateAsync(store, [identity.Recipient], signingKey.PublicKey, TimeProvider.System, cancellationToken);
        return new SampleRepository(identity, signingKey, repository);
    }

    /// <summary>The same keys on the repository as it is now, perhaps through another store.</summary>
    public async Task ReopenAsync(IStore store, CancellationToken cancellationToken) =>
        Repository = await Repository.OpenAsync(store, cancellationToken);

    /// <summary>Stores what the repository does not have yet, as a backup does, and commits.</summary>
    public async Task<Manifest> BackUpAsync(
        IReadOnlyDictionary<string, byte[]> objects, CancellationToken cancellationToken, TimeProvider? time = null, int missing = 0,
        Func<Manifest, Manifest>? change = null)
    {
        await using var writer = await Repository.BeginSnapshotAsync(
            SigningKey, time ?? TimeProvider.System, Random.Shared, cancellationToken);
        var stored = await writer.LoadObjectsAsync(cancellationToken);
        await writer.PutSecretAsync(
            SecretPart.Database, (stream, token) => stream.WriteAsync(Database, token).AsTask(), 1000, cancellationToken);
        await writer.PutSecretAsync(SecretPart.Configuration, (
            stream, token) => stream.WriteAsync("configuration"u8.ToArray(), token).AsTask(), 1000, cancellationToken);
        foreach (var (key, content) in objects)
        {
            if (!stored.Known.TryMark(key, 0, content.Length, out _))
            {
                await stored.Writer.AddAsync(key, 0, new MemoryStream(content), content.Length, cancellationToken);
            }
        }

        var draft = Draft(objects);
        draft = draft with { Counts = draft.Counts with { Missing = missing } };
        return await writer.CommitAsync(change is null ? draft : change(draft), stored, cancellationToken);
    }

    public void Dispose()
    {
        Identity.Dispose();
        SigningKey.Dispose();
    }

    /// <summary>What stands for the dump.</summary>
    public static byte[] Database { get; } = Content(200_000, 1);

    /// <summary>Bytes that do not compress, the same for the same seed.</summary>
    public static byte[] Content(int length, int seed)
    {
        var bytes = new byte[length];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    public static Manifest Draft(IReadOnlyDictionary<string, byte[]> objects) => new()
    {
        CreatedAt = DateTimeOffset.UnixEpoch,
        Program = "nestegg test",
        Complete = true,
        Instance = new ManifestInstance("sample", null, "15.0", 120, false),
        Counts = new ManifestCounts
        {
            Users = 1,
            Files = objects.Count,
            Objects = objects.Count,
            ObjectBytes = objects.Values.Sum(content => (long)content.Length),
            Missing = 0,
            MissingDerived = 0,
            Kinds = new Dictionary<string, KindCounts> { ["file"] = new(objects.Count, 1) },
        },
        Tables = new Dictionary<string, long> { ["files"] = objects.Count },
        Findings = [],
    };
}

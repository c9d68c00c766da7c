using System.Text.Json;
using Nestegg.Minisign;

namespace Nestegg.Repositories;

/// <summary>
/// Writes one snapshot. It exists from the moment that <see cref="CommitAsync"/> has written the signature, which it does last;
/// until then the repository is as valid as before.
/// </summary>
internal sealed class SnapshotWriter : IAsyncDisposable
{
    private const int MissingInManifest = 1000;

    private readonly Repository repository;
    private readonly MinisignSecretKey signingKey;
    private readonly TimeProvider time;
    private readonly PreviousManifest? previous;
    private readonly List<ManifestFile> files = [];
    private readonly List<MissingObject> firstMissing = [];
    private KnownObjects? known;
    private ObjectWriter? objects;
    private PartWriter? missing;

    private SnapshotWriter(Repository repository, MinisignSecretKey signingKey, TimeProvider time, SnapshotId id, PreviousManifest? previous)
    {
        (this.repository, this.signingKey, this.time, this.previous) = (repository, signingKey, time, previous);
        Id = id;
    }

    public SnapshotId Id { get; }

    /// <summary>What the repository has already; ask it before fetching an object. Not before <see cref="LoadKnownAsync"/>.</summary>
    public KnownObjects Known => known ?? throw NotLoaded();

    /// <summary>Where new objects go. Not before <see cref="LoadKnownAsync"/>.</summary>
    public ObjectWriter Objects => objects ?? throw NotLoaded();

    /// <summary>Begins a snapshot: reads the newest manifest. The caller holds the lock.</summary>
    /// <param name="signingKey">Must be the repository's; stays the caller's.</param>
    public static async Task<SnapshotWriter> CreateAsync(
        Repository repository, MinisignSecretKey signingKey, TimeProvider time, CancellationToken cancellationToken)
    {
        if (signingKey.PublicKey.ToString() != repository.SigningKey.ToString())
        {
            throw new NesteggException(
                FailureKind.BadInput, $"the signing key {signingKey.PublicKey} is not the repository's, which is {repository.SigningKey}",
                "give the signing key that nestegg init wrote for this repository");
        }

        var (finished, unfinished) = await repository.ListSnapshotsAsync(cancellationToken);
        SnapshotId? newest = finished.Concat(unfinished).Select(id => (SnapshotId?)id).Max();
        PreviousManifest? previous = null;
        if (finished.Count > 0)
        {
            // A damaged newest manifest must not stop the next backup; its hash as it is now goes on the record.
            var content = await Repository.TryReadAsync(repository.Store, RepositoryKeys.SnapshotFile(finished[^1], RepositoryKeys.Manifest), cancellationToken);
            previous = new PreviousManifest(finished[^1], ObjectHash.Of(content));
        }

        return new SnapshotWriter(repository, signingKey, time, SnapshotId.New(time.GetUtcNow(), newest, Random.Shared), previous);
    }

    /// <summary>Reads every index file. Secret parts may be put meanwhile.</summary>
    public async Task LoadKnownAsync(CancellationToken cancellationToken)
    {
        known = await KnownObjects.LoadAsync(repository, cancellationToken);
        objects = new ObjectWriter(repository.Store, known, Id.ToString(), time);
    }

    /// <summary>Writes a secret part: what <paramref name="write"/> writes goes through zstd and age into the snapshot's folder.</summary>
    /// <param name="name"><see cref="RepositoryKeys.Database"/> or <see cref="RepositoryKeys.Configuration"/>.</param>
    /// <param name="expectedBytes">A guess at the stored length.</param>
    public async Task<ManifestFile> PutSecretAsync(
        string name, Func<Stream, CancellationToken, Task> write, long expectedBytes, CancellationToken cancellationToken)
    {
        await using var part = await PartWriter.CreateAsync(repository, Id, name, expectedBytes, isSecret: true, cancellationToken);
        await write(part.Content, cancellationToken);
        return Add(await part.CommitAsync(cancellationToken));
    }

    /// <summary>Puts an object that is nowhere on the record. Not for several tasks at once.</summary>
    public async Task AddMissingAsync(MissingObject missingObject, CancellationToken cancellationToken)
    {
        missing ??= await PartWriter.CreateAsync(repository, Id, RepositoryKeys.MissingRows, 64 * 1024, isSecret: false, cancellationToken);
        if (firstMissing.Count < MissingInManifest)
            firstMissing.Add(missingObject);
        await missing.Content.WriteAsync(MissingRows.Format(missingObject), cancellationToken);
    }

    /// <summary>Makes everything durable, then writes the live set, the manifest and, last, the signature.</summary>
    /// <param name="draft">All but what the writer knows itself: format, ids, the end, the previous manifest, what is new, files, index and missing.</param>
    public async Task<Manifest> CommitAsync(Manifest draft, CancellationToken cancellationToken)
    {
        await Objects.FlushAsync(cancellationToken);
        if (missing is not null)
            Add(await missing.CommitAsync(cancellationToken));
        var (live, index) = Known.Marked();
        await using (var part = await PartWriter.CreateAsync(repository, Id, RepositoryKeys.LiveRows, 64 * 1024, isSecret: false, cancellationToken))
        {
            await live.WriteAsync(part.Content, cancellationToken);
            Add(await part.CommitAsync(cancellationToken));
        }

        var manifest = draft with
        {
            Format = RepositoryDescription.CurrentFormat,
            RepositoryId = repository.Description.Id,
            RepositorySha256 = repository.Description.Hash,
            Id = Id,
            FinishedAt = time.GetUtcNow(),
            Previous = previous,
            Counts = draft.Counts with { NewObjects = Objects.AddedObjects, NewBytes = Objects.AddedBytes },
            Files = [.. files],
            Index = index,
            Missing = [.. firstMissing],
        };
        byte[] json = [.. JsonSerializer.SerializeToUtf8Bytes(manifest, RepositoryJson.Instance.Manifest), (byte)'\n'];
        var signature = signingKey.Sign(json, TrustedComment(Id, repository.Description.Id));
        await PutAsync(RepositoryKeys.Manifest, json, cancellationToken);
        await PutAsync(RepositoryKeys.Signature, signature, cancellationToken);
        return manifest with { Hash = ObjectHash.Of(json) };
    }

    public async ValueTask DisposeAsync()
    {
        if (missing is not null)
            await missing.DisposeAsync();
        objects?.Dispose();
        known?.Dispose();
    }

    internal static string TrustedComment(SnapshotId id, string repositoryId) => $"nestegg snapshot {id} repository {repositoryId}";

    private static InvalidOperationException NotLoaded() => new("What the repository has already was not loaded.");

    private ManifestFile Add(ManifestFile file)
    {
        lock (files)
            files.Add(file);
        return file;
    }

    private Task PutAsync(string name, byte[] content, CancellationToken cancellationToken) =>
        Repository.PutAsync(repository.Store, RepositoryKeys.SnapshotFile(Id, name), content, cancellationToken);
}

using System.Text.Json;
using Nestegg.Minisign;
using Nestegg.Stores;

namespace Nestegg.Repositories;

/// <summary>
/// Writes one snapshot. It exists from the moment that <see cref="CommitAsync"/> has written the signature, which it does last;
/// until then the repository is as valid as before.
/// </summary>
internal sealed class SnapshotWriter : IAsyncDisposable
{
    private const int MissingInManifest = 1000;

    private readonly Repository repository;
    private readonly IStore store;
    private readonly MinisignSecretKey signingKey;
    private readonly SnapshotStart start;
    private readonly TimeProvider time;
    private readonly List<ManifestFile> files = [];
    private readonly List<MissingObject> firstMissing = [];
    private KnownObjects? known;
    private ObjectWriter? objects;
    private PartWriter? missing;

    /// <summary>For <see cref="Repository.BeginSnapshotAsync"/>.</summary>
    public SnapshotWriter(Repository repository, IStore store, MinisignSecretKey signingKey, SnapshotStart start, TimeProvider time)
    {
        this.repository = repository;
        this.store = store;
        this.signingKey = signingKey;
        this.start = start;
        this.time = time;
    }

    public SnapshotId Id => start.Id;

    /// <summary>What the repository has already; ask it before fetching an object. Not before <see cref="LoadKnownAsync"/>.</summary>
    public KnownObjects Known => known ?? throw NotLoaded();

    /// <summary>Where new objects go. Not before <see cref="LoadKnownAsync"/>.</summary>
    public ObjectWriter Objects => objects ?? throw NotLoaded();

    /// <summary>Reads every index file. Secret parts may be put meanwhile.</summary>
    public async Task LoadKnownAsync(CancellationToken cancellationToken)
    {
        known = await KnownObjects.LoadAsync(store, cancellationToken);
        objects = new ObjectWriter(store, known, Id.ToString(), time);
    }

    /// <summary>Writes a secret part: what <paramref name="write"/> writes goes through zstd and age into the snapshot's folder.</summary>
    /// <param name="expectedBytes">A guess at the stored length.</param>
    public async Task<ManifestFile> PutSecretAsync(
        SecretPart part, Func<Stream, CancellationToken, Task> write, long expectedBytes, CancellationToken cancellationToken)
    {
        await using var file = await PartWriter.CreateAsync(store, KeyOf(RepositoryKeys.NameOf(part)), expectedBytes, repository.Recipients, cancellationToken);
        await write(file.Content, cancellationToken);
        return Add(await file.CommitAsync(cancellationToken));
    }

    /// <summary>Puts an object that is nowhere on the record. Not for several tasks at once.</summary>
    public async Task AddMissingAsync(MissingObject missingObject, CancellationToken cancellationToken)
    {
        missing ??= await PartWriter.CreateAsync(store, KeyOf(RepositoryKeys.MissingRows), 64 * 1024, null, cancellationToken);
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
        await using (var part = await PartWriter.CreateAsync(store, KeyOf(RepositoryKeys.LiveRows), 64 * 1024, null, cancellationToken))
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
            Previous = start.Previous,
            Counts = draft.Counts with { NewObjects = Objects.AddedObjects, NewBytes = Objects.AddedBytes },
            Files = [.. files],
            Index = index,
            Missing = [.. firstMissing],
        };
        byte[] json = [.. JsonSerializer.SerializeToUtf8Bytes(manifest, ManifestJson.Instance.Manifest), (byte)'\n'];
        var signature = signingKey.Sign(json, TrustedComment(Id, repository.Description.Id));
        await store.PutAsync(KeyOf(RepositoryKeys.Manifest), json, cancellationToken);
        await store.PutAsync(KeyOf(RepositoryKeys.Signature), signature, cancellationToken);
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

    private string KeyOf(string name) => RepositoryKeys.SnapshotFile(Id, name);
}

/// <summary>Where a snapshot begins.</summary>
/// <param name="Previous">The newest manifest that is there; <see langword="null"/> in a repository without any.</param>
internal sealed record SnapshotStart(SnapshotId Id, PreviousManifest? Previous);

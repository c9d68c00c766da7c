using System.Diagnostics;
using System.Text.Json;
using Nestegg.Formats.Minisign;
using Nestegg.Repositories.Files;
using Nestegg.Repositories.Index;
using Nestegg.Repositories.Manifests;
using Nestegg.Stores;

namespace Nestegg.Repositories;

/// <summary>
/// Writes one snapshot. It exists from the moment that <see cref="CommitAsync"/> has written the manifest, which it does last; until then
/// the repository is as valid as before.
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
    private SnapshotObjects? loaded;
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

    /// <summary>The newest snapshot that is signed; <see langword="null"/> in a repository without any.</summary>
    public Manifest? Previous => start.Previous;

    /// <summary>Newer snapshots that are not as they were signed, or were never signed with the repository's key.</summary>
    public IReadOnlyList<Finding> NotBelieved => start.NotBelieved;

    /// <summary>Reads every index file that is signed. Secret parts may be put meanwhile.</summary>
    /// <returns>Belongs to this snapshot, which disposes it.</returns>
    public async Task<SnapshotObjects> LoadObjectsAsync(CancellationToken cancellationToken)
    {
        Debug.Assert(loaded is null, "The objects of a snapshot are loaded once.");
        var signer = new IndexSigner(signingKey, repository.Description.Id);
        return loaded = await SnapshotObjects.LoadAsync(store, signer, start, time, cancellationToken);
    }

    /// <summary>Writes a secret part: what <paramref name="write"/> writes goes through zstd and age into the snapshot's folder.</summary>
    /// <param name="expectedBytes">A guess at the stored length.</param>
    public async Task<ManifestFile> PutSecretAsync(
        SecretPart part, Func<Stream, CancellationToken, Task> write, long expectedBytes, CancellationToken cancellationToken)
    {
        await using var file = await PartWriter.CreateAsync(
            store, KeyOf(RepositoryKeys.NameOf(part)), expectedBytes, repository.Recipients, cancellationToken);
        await write(file.Content, cancellationToken);
        return Add(await file.CommitAsync(cancellationToken));
    }

    /// <summary>Puts an object that is nowhere on the record. Not for several tasks at once.</summary>
    public async Task AddMissingAsync(MissingObject missingObject, CancellationToken cancellationToken)
    {
        missing ??= await PartWriter.CreateAsync(store, KeyOf(RepositoryKeys.MissingRows), 64 * 1024, null, cancellationToken);
        if (firstMissing.Count < MissingInManifest)
        {
            firstMissing.Add(missingObject);
        }

        await missing.Content.WriteAsync(MissingRows.Format(missingObject), cancellationToken);
    }

    /// <summary>Makes everything durable, then writes the live set, the signature and, last, the manifest.</summary>
    /// <param name="draft">
    /// All but what the writer knows itself: format, ids, the end, the previous manifest, what is new, files, index and missing.
    /// </param>
    public async Task<Manifest> CommitAsync(Manifest draft, SnapshotObjects objects, CancellationToken cancellationToken)
    {
        await objects.Writer.FinishAsync(cancellationToken);
        if (missing is not null)
        {
            Add(await missing.CommitAsync(cancellationToken));
        }

        var (live, index) = objects.Known.Marked();
        Debug.Assert(objects == loaded, "The objects are this snapshot's.");
        Debug.Assert(index.Sum(file => (long)file.Rows) == live.Count, "The manifest counts the rows that the live set has.");

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
            Previous = start.Previous is { } previous ? new PreviousManifest(previous.Id, previous.Hash) : null,
            PresenceCheckedAt = objects.PresenceCheckedAt,
            Counts = draft.Counts with { NewObjects = objects.Writer.AddedObjects, NewBytes = objects.Writer.AddedBytes },
            Files = [.. files],
            Index = index,
            Missing = [.. firstMissing],
        };
        byte[] json = [.. JsonSerializer.SerializeToUtf8Bytes(manifest, ManifestJson.Instance.Manifest), (byte)'\n'];
        var signature = signingKey.Sign(json, TrustedComment(Id, repository.Description.Id));

        // The signature first: so a manifest without one is never an interrupted run's, and somebody has taken its signature away.
        await store.PutAsync(KeyOf(RepositoryKeys.Signature), signature, cancellationToken);
        await store.PutAsync(KeyOf(RepositoryKeys.Manifest), json, cancellationToken);
        return manifest with { Hash = ObjectHash.Of(json) };
    }

    public async ValueTask DisposeAsync()
    {
        if (missing is not null)
        {
            await missing.DisposeAsync();
        }

        if (loaded is not null)
        {
            await loaded.DisposeAsync();
        }
    }

    internal static string TrustedComment(SnapshotId id, string repositoryId) => $"nestegg snapshot {id} repository {repositoryId}";

    private ManifestFile Add(ManifestFile file)
    {
        lock (files)
        {
            files.Add(file);
        }

        return file;
    }

    private string KeyOf(string name) => RepositoryKeys.SnapshotFile(Id, name);
}

/// <summary>Where a snapshot begins.</summary>
/// <param name="Previous">The newest snapshot that is signed; <see langword="null"/> in a repository without any.</param>
/// <param name="NotBelieved">What newer ones there are.</param>
internal sealed record SnapshotStart(SnapshotId Id, Manifest? Previous, IReadOnlyList<Finding> NotBelieved);

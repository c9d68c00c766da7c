using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Nestegg.Ente;
using Nestegg.Formats.Age;
using Nestegg.Formats.Minisign;
using Nestegg.Repositories.Files;
using Nestegg.Repositories.Index;
using Nestegg.Repositories.Manifests;

namespace Nestegg.Repositories;

// Finding snapshots and reading what they hold besides objects.
internal sealed partial class Repository
{
    private const string Latest = "latest";

    /// <summary>Every snapshot, the newest last. Whether it is as it was signed is seen when its manifest is read.</summary>
    public async Task<SnapshotList> ListSnapshotsAsync(CancellationToken cancellationToken)
    {
        // A snapshot has less than ten files, so this is a small list.
        var isFinished = new SortedDictionary<SnapshotId, bool>();
        var unread = new List<NesteggException>();
        await foreach (var file in ListSnapshotFilesAsync(_ => { }, cancellationToken).AsFarAsPossible(unread.Add, cancellationToken))
        {
            isFinished[file.Snapshot] = isFinished.GetValueOrDefault(file.Snapshot) || file.Name == RepositoryKeys.Manifest;
        }

        return new SnapshotList(
            [.. isFinished.Where(entry => entry.Value).Select(entry => entry.Key)],
            [.. isFinished.Where(entry => !entry.Value).Select(entry => entry.Key)])
        { Unread = unread };
    }

    /// <summary>
    /// The newest snapshot that is as the repository's key has signed it; <see langword="null"/> when there is none. What has no valid
    /// signature neither blocks nor counts.
    /// </summary>
    /// <param name="passOver">Is told of each newer one that is not believed, and why.</param>
    public async Task<Manifest?> FindNewestAsync(
        Func<SnapshotId, NesteggException, ValueTask> passOver, CancellationToken cancellationToken) =>
        await ReadManifestsAsync(passOver, cancellationToken).FirstOrDefaultAsync(cancellationToken);

    /// <summary>The manifests that are as the repository's key has signed them, the newest first.</summary>
    /// <inheritdoc cref="FindNewestAsync" path="/param"/>
    public async IAsyncEnumerable<Manifest> ReadManifestsAsync(
        Func<SnapshotId, NesteggException, ValueTask> passOver, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var list = await ListSnapshotsAsync(cancellationToken);
        await foreach (var manifest in ReadSignedAsync(list.Finished, passOver, cancellationToken))
        {
            yield return manifest;
        }
    }

    /// <summary>Whether a snapshot's manifest is there, damaged or not.</summary>
    public async Task<bool> HasManifestAsync(SnapshotId id, CancellationToken cancellationToken) =>
        await store.TryGetSizeAsync(RepositoryKeys.SnapshotFile(id, RepositoryKeys.Manifest), cancellationToken) is not null;

    /// <summary>The newest snapshot that this machine has ever seen here, where whoever opened the repository remembers one.</summary>
    public PreviousManifest? Remembered { get; set; }

    /// <summary>Finds a snapshot and reads its manifest.</summary>
    /// <param name="name">An id, the beginning of exactly one, or <c>latest</c>.</param>
    /// <param name="log">
    /// Gets a warning for each that would fit and was never signed with the repository's key, and, for the latest, what may be newer and
    /// cannot be seen or is gone; and is told when the snapshot is forgotten, which only one that is named is.
    /// </param>
    /// <exception cref="NesteggException">
    /// <see cref="FailureKind.BadInput"/> when there is none or more than one, <see cref="FailureKind.Damaged"/> when it is not as it was
    /// signed.
    /// </exception>
    public async Task<Manifest> ReadManifestAsync(string name, RunLog log, CancellationToken cancellationToken)
    {
        var list = await ListSnapshotsAsync(cancellationToken);
        if (name == Latest)
        {
            list.TellUnread(log);
        }

        var forgotten = await ReadForgottenAsync(log, cancellationToken);
        var manifest = await ChooseAsync(name, list, forgotten, log, cancellationToken);
        if (name == Latest)
        {
            TellGone(manifest.Id, log);
        }

        TellForgotten(manifest.Id, forgotten, log);

        return manifest;
    }

    /// <summary>Says so when this machine has seen a newer snapshot here than the newest that can be found.</summary>
    public void TellGone(SnapshotId? newest, RunLog log)
    {
        if (Remembered is { } seen && seen.Id.Number > (newest?.Number ?? 0))
        {
            log.Find(
                "rolled-back", Severity.Warning, $"{RepositoryKeys.Snapshots}{seen.Id}",
                $"the snapshot {seen.Id} was here when this machine last looked; the newest that can be used now is "
                + $"{newest?.ToString() ?? "none"}", CommittedSnapshots.RemovedHint);
        }
    }

    private async Task<Manifest> ChooseAsync(
        string name, SnapshotList list, ForgottenSnapshots forgotten, RunLog log, CancellationToken cancellationToken)
    {
        var matches = Matches(name, list, forgotten);
        if (matches.Count == 1)
        {
            return await ReadManifestAsync(matches[0], cancellationToken);
        }

        var enough = name == Latest ? 1 : 2;
        var signed = await ReadSignedAsync(matches, async (id, failure) =>
        {
            // One that was signed and is damaged since is not passed over for an older one; a person may.
            if (await WasSignedAsync(id, cancellationToken))
            {
                throw failure;
            }

            log.Find(NotBelieved(id, failure));
        }, cancellationToken).Take(enough).ToListAsync(cancellationToken);
        if (signed.Count == 1)
        {
            return signed[0];
        }

        throw matches.Count == 0 && list.Unread is [var unread, ..] ? unread
            : name == Latest && list.Finished.Count > 0 && matches.Count == 0 ? AllForgotten()
            : matches.Count > 0 && signed.Count == 0 ? Damage.Of(
                $"of {Counted.Of(matches.Count, "snapshot that fits", "snapshots that fit")} '{name}' at {Location}, none has a signature of "
                + "the repository's key")
            : new NesteggException(
                FailureKind.BadInput, WhyNotFound(name, list, matches),
                list.Finished.Count == 0 ? "make one with nestegg backup" : "nestegg snapshots lists them; 'latest' is the newest");
    }

    /// <summary>Reads a manifest and believes it only if its signature is the repository's.</summary>
    /// <exception cref="NesteggException"><see cref="FailureKind.Damaged"/> when anything about it is not as it was signed.</exception>
    public async Task<Manifest> ReadManifestAsync(SnapshotId id, CancellationToken cancellationToken)
    {
        var key = RepositoryKeys.SnapshotFile(id, RepositoryKeys.Manifest);
        var signatureKey = RepositoryKeys.SnapshotFile(id, RepositoryKeys.Signature);

        // The signature first, which is small: a manifest that was never signed is not read, however long it is.
        var signatureText = await store.TryReadAsync(signatureKey, MinisignSignature.LimitBytes, cancellationToken)
            ?? throw Damage.Missing(signatureKey, store.Location);
        if (!MinisignSignature.TryParse(signatureText, out var signature))
        {
            throw Damage.Of($"{signatureKey} is no minisign signature");
        }

        var isOurs = signature!.VerifiesComment(SigningKey);
        var comment = SnapshotWriter.TrustedComment(id, Description.Id);
        if (isOurs && signature.TrustedComment != comment)
        {
            throw Damage.Of(
                $"{signatureKey} is for '{signature.TrustedComment}' and should be for '{comment}': it was moved here from elsewhere");
        }

        var content = isOurs ? await store.ReadAsync(key, cancellationToken) : [];
        if (!isOurs || !signature.Verifies(content, SigningKey))
        {
            throw Damage.Of(
                $"{key} was changed, or not signed with the repository's key {SigningKey}: its signature {signatureKey} does not fit");
        }

        return ParseManifest(content, key) is { } manifest && manifest.Id == id && manifest.RepositoryId == Description.Id
            ? manifest with { Hash = ObjectHash.Of(content) }
            : throw Damage.Of($"{key} is not the manifest of the snapshot {id} of this repository");
    }

    /// <summary>
    /// Opens a secret part: decrypted and decompressed. That the stored bytes are what the manifest says has been seen before this returns.
    /// </summary>
    public async Task<Stream> OpenSecretAsync(
        Manifest manifest, SecretPart part, IReadOnlyCollection<AgeIdentity> identities, CancellationToken cancellationToken)
    {
        var name = RepositoryKeys.NameOf(part);
        var key = RepositoryKeys.SnapshotFile(manifest.Id, name);
        var copy = await OpenVerifiedAsync(manifest, name, cancellationToken);
        return new ZstdReader(await AgeReader.OpenAsync(copy, key, identities, Description.Recipients, cancellationToken), key);
    }

    public async Task<LiveSet> ReadLiveSetAsync(Manifest manifest, CancellationToken cancellationToken)
    {
        var key = RepositoryKeys.SnapshotFile(manifest.Id, RepositoryKeys.LiveRows);
        await using var stream = new ZstdReader(await OpenVerifiedAsync(manifest, RepositoryKeys.LiveRows, cancellationToken), key);
        return await LiveSet.ReadAsync(stream, key, cancellationToken);
    }

    /// <summary>All objects that the database named and that were nowhere.</summary>
    public async IAsyncEnumerable<MissingObject> ReadMissingAsync(
        Manifest manifest, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (manifest.Files.All(file => file.Name != RepositoryKeys.MissingRows))
        {
            yield break;
        }

        var key = RepositoryKeys.SnapshotFile(manifest.Id, RepositoryKeys.MissingRows);
        await using var stream = new ZstdReader(await OpenVerifiedAsync(manifest, RepositoryKeys.MissingRows, cancellationToken), key);
        using var reader = new StreamReader(stream);
        while (await reader.ReadLineAsync(cancellationToken) is { } line)
        {
            yield return MissingRows.TryParse(line, out var row) ? row! : throw Damage.Of($"{key} has a broken line");
        }
    }

    /// <summary>Opens a file that the manifest names, for comparing it: only its end says whether it is what the manifest says.</summary>
    public async Task<VerifyingStream> OpenFileAsync(Manifest manifest, string name, CancellationToken cancellationToken)
    {
        var key = RepositoryKeys.SnapshotFile(manifest.Id, name);
        var file = manifest.Files.FirstOrDefault(file => file.Name == name)
            ?? throw Damage.Of($"the manifest of {manifest.Id} names no {name}");
        return new VerifyingStream(await store.OpenAsync(key, cancellationToken), key, file.SizeBytes, file.Sha256);
    }

    private async Task<Stream> OpenVerifiedAsync(Manifest manifest, string name, CancellationToken cancellationToken) =>
        await VerifiedCopy.OfAsync(await OpenFileAsync(manifest, name, cancellationToken), cancellationToken);

    /// <summary>The manifests that are as the repository's key has signed them, the newest first.</summary>
    private async IAsyncEnumerable<Manifest> ReadSignedAsync(
        IReadOnlyList<SnapshotId> ids, Func<SnapshotId, NesteggException, ValueTask> passOver,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        Debug.Assert(ids.Zip(ids.Skip(1)).All(pair => pair.First < pair.Second), "Ids come in their order, each once.");
        foreach (var id in ids.Reverse())
        {
            Manifest manifest;
            try
            {
                manifest = await ReadManifestAsync(id, cancellationToken);
            }
            catch (NesteggException e) when (e.SparesOthers)
            {
                await passOver(id, e);
                continue;
            }

            yield return manifest;
        }
    }

    /// <summary>The repository's key has signed a manifest of this name, whatever has become of it.</summary>
    public async Task<bool> WasSignedAsync(SnapshotId id, CancellationToken cancellationToken) =>
        await ReadSignedCommentAsync(id, cancellationToken) == SnapshotWriter.TrustedComment(id, Description.Id);

    /// <summary>The trusted comment beside a manifest, if the repository's key has signed it.</summary>
    private async Task<string?> ReadSignedCommentAsync(SnapshotId id, CancellationToken cancellationToken)
    {
        try
        {
            var text = await store.TryReadAsync(
                RepositoryKeys.SnapshotFile(id, RepositoryKeys.Signature), MinisignSignature.LimitBytes, cancellationToken);
            return MinisignSignature.TryParse(text, out var signature) && signature!.VerifiesComment(SigningKey)
                ? signature.TrustedComment
                : null;
        }
        catch (NesteggException e) when (e.SparesOthers)
        {
            return null;
        }
    }

    private string WhyNotFound(string name, SnapshotList list, List<SnapshotId> matches) =>
        matches.Count > 1 ? $"'{name}' may be any of {Counted.Of(matches.Count, "snapshot")}: {string.Join(", ", matches.Take(3))}"
        : list.Finished.Count == 0 ? $"the repository at {Location} has no finished snapshot"
        : list.Unfinished.Any(id => id.ToString() == name) ? $"the snapshot {name} was never finished: it has no manifest"
        : $"there is no snapshot '{name}' at {Location}";

    private static Finding NotBelieved(SnapshotId id, NesteggException failure) =>
        new("snapshot-not-believed", Severity.Warning, $"{RepositoryKeys.Snapshots}{id}", failure.Message, failure.Hint);

    private static Manifest? ParseManifest(byte[] content, string key)
    {
        try
        {
            return JsonSerializer.Deserialize(content, ManifestJson.Instance.Manifest);
        }
        catch (JsonException e)
        {
            throw Damage.Of($"{key} is signed but cannot be read: {e.Message}", e);
        }
    }
}

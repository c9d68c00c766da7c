using Nestegg.Repositories;
using Nestegg.Repositories.Files;
using Nestegg.Repositories.Manifests;
using Nestegg.Stores;

namespace Nestegg.Checks;

/// <summary>
/// Looks at the snapshots' folders: signatures, the files that manifests name, and that each manifest's predecessor is still the one it
/// was.
/// </summary>
internal sealed class ManifestCheck(
    Repository repository, CheckMemory memory, ForgottenSnapshots forgotten, ReadSelection selection, CheckTally tally, RunLog log)
{
    // Names and lengths of all files under snapshots/: less than ten a snapshot.
    private readonly SortedDictionary<SnapshotId, Dictionary<string, long>> folders = [];
    private readonly Dictionary<SnapshotId, Manifest> manifests = [];

    // Of manifests that are damaged, those that were signed once.
    private readonly List<SnapshotId> damaged = [];

    // A folder that may not be listed is there all the same.
    private bool isListedWhole = true;

    /// <returns>The manifests whose signatures are good, the oldest first.</returns>
    public async Task<IReadOnlyList<Manifest>> RunAsync(CancellationToken cancellationToken)
    {
        await ListAsync(cancellationToken);
        foreach (var (id, files) in folders)
        {
            if (files.ContainsKey(RepositoryKeys.Manifest) && !files.ContainsKey(RepositoryKeys.Signature))
            {
                var key = RepositoryKeys.SnapshotFile(id, RepositoryKeys.Signature);
                log.Find(
                    "signature-missing", Severity.Error, key, $"{key} is missing, which a run writes before the manifest",
                    CommittedSnapshots.RemovedHint);
            }
            else if (files.ContainsKey(RepositoryKeys.Manifest))
            {
                await ReadAsync(id, cancellationToken);
            }
        }

        FindUnfinished();
        tally.Count(counts => counts with { Snapshots = manifests.Count });
        foreach (var manifest in manifests.Values)
        {
            CheckPrevious(manifest);
        }

        CheckDescription();
        CheckNewest();
        foreach (var manifest in manifests.Values)
        {
            await CheckFilesAsync(manifest, cancellationToken);
        }

        return [.. manifests.Values];
    }

    private async Task ListAsync(CancellationToken cancellationToken)
    {
        var listing = repository.ListSnapshotFilesAsync(FindUnknown, cancellationToken).AsFarAsPossible(FindUnread, cancellationToken);
        await foreach (var file in listing)
        {
            if (!folders.TryGetValue(file.Snapshot, out var files))
            {
                folders.Add(file.Snapshot, files = []);
            }

            files[file.Name] = file.SizeBytes;
        }
    }

    private void FindUnread(NesteggException failure)
    {
        isListedWhole = false;
        log.FindUnread(failure);
    }

    private void FindUnknown(StoreItem item) => log.Find(
        "unknown-file", Severity.Warning, item.Key, $"{item.Key} is no file that a snapshot has",
        "if it was renamed, rename it back; else remove it");

    private async Task ReadAsync(SnapshotId id, CancellationToken cancellationToken)
    {
        var key = RepositoryKeys.SnapshotFile(id, RepositoryKeys.Manifest);
        try
        {
            manifests.Add(id, await repository.ReadManifestAsync(id, cancellationToken));
        }
        catch (NesteggException e) when (log.TryFindDamage(e, "manifest-damaged", key))
        {
            // It is named; what else there is goes on being looked at.
            if (await repository.WasSignedAsync(id, cancellationToken))
            {
                damaged.Add(id);
            }
        }
    }

    private void FindUnfinished()
    {
        var once = new CommittedSnapshots(memory.Committed);
        foreach (var manifest in manifests.Values)
        {
            once.Add(manifest);
        }

        damaged.ForEach(once.AddDamaged);
        foreach (var (id, files) in folders.Where(folder => !IsFinished(folder.Key)))
        {
            FindUnfinished(id, files, once);
        }
    }

    private void FindUnfinished(SnapshotId id, Dictionary<string, long> files, CommittedSnapshots once)
    {
        var folder = $"{RepositoryKeys.Snapshots}{id}";
        if (forgotten.Has(id))
        {
            log.Find(
                "snapshot-unfinished", Severity.Note, folder,
                $"{folder} is what is left of a forgotten snapshot that is being removed; it counts for nothing");
        }
        else if (files.ContainsKey(RepositoryKeys.Signature))
        {
            var key = RepositoryKeys.SnapshotFile(id, RepositoryKeys.Manifest);
            log.Find(
                "manifest-missing", Severity.Warning, key,
                $"{key} is missing and its signature is there: the run was interrupted in its last moment, or somebody took it away",
                CommittedSnapshots.RemovedHint);
        }
        else if (isListedWhole && !once.CanBeInterrupted(id))
        {
            log.Find(CommittedSnapshots.Bereft(id, Severity.Error));
        }
        else
        {
            log.Find(
                "snapshot-unfinished", Severity.Note, folder,
                $"the run that made {folder} did not finish, or is under way; it counts for nothing");
        }
    }

    /// <summary>
    /// The newest snapshot decides: the backup that wrote it was made by whoever changed the file, or refused by whoever did not.
    /// </summary>
    private void CheckDescription()
    {
        if (manifests.Count > 0 && manifests[manifests.Keys.Max()] is var newest && newest.RepositorySha256 != repository.Description.Hash)
        {
            log.Find(
                "description-changed", Severity.Error, RepositoryKeys.Description,
                $"{RepositoryKeys.Description} hashes to {repository.Description.Hash}; when {newest.Id} was made it hashed to "
                + $"{newest.RepositorySha256}",
                "compare its recipients with your own before the next backup; put the file back from another copy");
        }
    }

    private void CheckPrevious(Manifest manifest)
    {
        if (manifest.Previous is not { } previous || !IsKnown(previous.Id) || IsRemoved(previous))
        {
            return;
        }

        if (!folders.TryGetValue(previous.Id, out var files))
        {
            // One that a person removed is gone with all its files.
            var subject = $"{RepositoryKeys.Snapshots}{previous.Id}";
            log.Find(
                "snapshot-gone", Severity.Warning, subject, $"{subject} is gone: {manifest.Id} was made after it and names it",
                CommittedSnapshots.RemovedHint);
        }
        else if (!files.ContainsKey(RepositoryKeys.Manifest) && files.ContainsKey(RepositoryKeys.Signature))
        {
            var subject = RepositoryKeys.SnapshotFile(previous.Id, RepositoryKeys.Manifest);
            log.Find(
                "snapshot-gone", Severity.Error, subject, $"{subject} is gone: {manifest.Id} was made after it and names it",
                CommittedSnapshots.RemovedHint);
        }
        else if (manifests.TryGetValue(previous.Id, out var found) && found.Hash != previous.Sha256)
        {
            log.Find(
                "chain-broken", Severity.Error, RepositoryKeys.SnapshotFile(previous.Id, RepositoryKeys.Manifest),
                $"the manifest of {previous.Id} hashes to {found.Hash}; when {manifest.Id} was made it hashed to {previous.Sha256}",
                CommittedSnapshots.RemovedHint);
        }
    }

    /// <summary>
    /// A repository that was set back to an earlier day looks whole by itself; only the memory of this machine knows better.
    /// </summary>
    private void CheckNewest()
    {
        if (memory.Newest is { } newest && IsKnown(newest.Id))
        {
            if (!IsFinished(newest.Id) && !IsRemoved(newest))
            {
                log.Find(
                    "rolled-back", Severity.Error, $"{RepositoryKeys.Snapshots}{newest.Id}",
                    $"the snapshot {newest.Id} was here when this machine last looked and is gone; the newest is "
                    + $"{(manifests.Count == 0 ? "none" : manifests.Keys.Max())}",
                    CommittedSnapshots.RemovedHint);
            }
            else if (manifests.TryGetValue(newest.Id, out var found) && found.Hash != newest.Sha256)
            {
                log.Find(
                    "manifest-replaced", Severity.Error, RepositoryKeys.SnapshotFile(newest.Id, RepositoryKeys.Manifest),
                    $"the manifest of {newest.Id} hashes to {found.Hash}; when this machine last looked it hashed to {newest.Sha256}",
                    CommittedSnapshots.RemovedHint);
            }
        }

        foreach (var id in manifests.Keys)
        {
            memory.RememberCommitted(id);
        }

        // After the comparison, so that one that was rolled back is found again next time.
        if (manifests.Count > 0 && (memory.Newest is null || IsFinished(memory.Newest.Id) || IsRemoved(memory.Newest)))
        {
            memory.Remember(manifests[manifests.Keys.Max()]);
        }
    }

    private async Task CheckFilesAsync(Manifest manifest, CancellationToken cancellationToken)
    {
        var files = folders[manifest.Id];
        foreach (var name in files.Keys)
        {
            if (name is not (RepositoryKeys.Manifest or RepositoryKeys.Signature) && manifest.Files.All(file => file.Name != name))
            {
                var key = RepositoryKeys.SnapshotFile(manifest.Id, name);
                log.Find(
                    "unknown-file", Severity.Warning, key, $"{key} is not named in the manifest",
                    "if it was renamed, rename it back; else remove it");
            }
        }

        foreach (var file in manifest.Files)
        {
            var key = RepositoryKeys.SnapshotFile(manifest.Id, file.Name);
            if (!files.TryGetValue(file.Name, out var size))
            {
                log.Find(
                    "file-missing", Severity.Error, key, $"{key} is missing",
                    "look for it in another copy of the repository; other snapshots are not affected");
            }
            else if (size != file.SizeBytes)
            {
                log.Find(
                    "file-damaged", Severity.Error, key, $"{key} has {size} bytes and should have {file.SizeBytes}",
                    "put it back from another copy of the repository");
            }
            else if (IsHashed(manifest, file.Name, key))
            {
                await HashAsync(manifest, file, key, cancellationToken);
            }
        }
    }

    // Dumps are the large ones: all but the newest wait for --read, so that a plain check stays quick with a year of snapshots.
    private bool IsHashed(Manifest manifest, string name, string key) =>
        name is not (RepositoryKeys.Database or RepositoryKeys.Configuration)
        || manifest.Id == manifests.Keys.Max()
        || selection.Includes(key);

    private async Task HashAsync(Manifest manifest, ManifestFile file, string key, CancellationToken cancellationToken)
    {
        try
        {
            await using var stream = await repository.OpenFileAsync(manifest, file.Name, cancellationToken);
            await stream.DrainAsync(cancellationToken);
            tally.Count(counts => counts with { ReadFiles = counts.ReadFiles + 1, ReadBytes = counts.ReadBytes + file.SizeBytes });
        }
        catch (NesteggException e) when (log.TryFindDamage(e, "file-damaged", key))
        {
            // It is named; what else there is goes on being looked at.
        }
    }

    private bool IsKnown(SnapshotId id) => isListedWhole || folders.ContainsKey(id);

    // Somebody who has the repository's key has signed that it may be gone.
    private bool IsRemoved(PreviousManifest snapshot) => !IsFinished(snapshot.Id) && forgotten.Has(snapshot);

    private bool IsFinished(SnapshotId id) => folders.TryGetValue(id, out var files) && files.ContainsKey(RepositoryKeys.Manifest);
}

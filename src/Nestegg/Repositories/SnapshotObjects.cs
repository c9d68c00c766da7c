using Nestegg.Ente;
using Nestegg.Repositories.Files;
using Nestegg.Repositories.Index;
using Nestegg.Repositories.Manifests;
using Nestegg.Repositories.Packs;
using Nestegg.Stores;

namespace Nestegg.Repositories;

/// <summary>The objects of a snapshot in the making: what the repository has already, and where new ones go.</summary>
internal sealed class SnapshotObjects : IAsyncDisposable
{
    // A little less than a day, so that the run of each night lists even when it begins a minute earlier than the one before.
    private static readonly TimeSpan ListingInterval = TimeSpan.FromHours(20);

    private SnapshotObjects(KnownObjects known, ObjectWriter writer, VerifiedDamage damage) =>
        (Known, Writer, Damage) = (known, writer, damage);

    /// <summary>Ask it before fetching an object.</summary>
    public KnownObjects Known { get; }

    public ObjectWriter Writer { get; }

    /// <summary>What a check had put on the record.</summary>
    public VerifiedDamage Damage { get; }

    /// <summary>
    /// What is wrong with the index and the stored files; what is listed by index files that are gone or not signed is stored again.
    /// </summary>
    public required IReadOnlyList<Finding> Findings { get; init; }

    /// <summary>When the stored files were listed, by this run or by the one that it relies on; <see langword="null"/> for never.</summary>
    public required DateTimeOffset? PresenceCheckedAt { get; init; }

    public static async Task<SnapshotObjects> LoadAsync(
        IStore store, IndexSigner signer, SnapshotStart start, TimeProvider time, CancellationToken cancellationToken)
    {
        var (now, previous) = (time.GetUtcNow(), start.Previous);
        var findings = new List<Finding>();
        var damage = await new DamageClaims(store).VerifyAsync(findings, cancellationToken);
        var listed = store.IsListingFree || !IsListedLately(previous, now) ? await TryListAsync(store, findings, cancellationToken) : null;
        using var presence = new Presence(listed, damage.Damaged);
        var (known, notBelieved) = await KnownObjects.LoadAsync(
            new SignedIndexFiles(store, signer.HasSigned), previous?.Index ?? [], presence, cancellationToken);
        return new SnapshotObjects(known, new ObjectWriter(store, known, signer, start.Id.ToString(), time), damage)
        {
            Findings = [.. findings, .. notBelieved, .. Gone(previous, known, notBelieved), .. SetBack(start, known)],
            PresenceCheckedAt = listed is null ? previous?.PresenceCheckedAt : now,
        };
    }

    public async ValueTask DisposeAsync()
    {
        await Writer.DisposeAsync();
        Known.Dispose();
    }

    /// <summary>Less than a day ago, and nothing was missing then that this run would have to know of.</summary>
    private static bool IsListedLately(Manifest? previous, DateTimeOffset now) =>
        previous is { PresenceCheckedAt: { } listedAt, Counts: { Missing: 0, MissingDerived: 0 } }
        && listedAt <= now && now - listedAt < ListingInterval;

    // One that is damaged has told of itself, and its number counts.
    private static IEnumerable<Finding> SetBack(SnapshotStart start, KnownObjects known)
    {
        if (known.NewestRun() is { } run && run.Number > start.Id.Number
            && CommittedSnapshots.BeforeRun(run, start.Previous?.Id, Severity.Warning) is { } finding)
        {
            yield return finding;
        }
    }

    private static IEnumerable<Finding> Gone(Manifest? previous, KnownObjects known, IReadOnlyList<Finding> told)
    {
        var gone = (previous?.Index ?? []).Select(index => index.Name)
            .Where(name => !known.HasRead(name) && told.All(finding => finding.Subject != RepositoryKeys.IndexFile(name))).ToList();
        if (gone.Count > 0)
        {
            yield return new Finding(
                "index-missing", Severity.Warning, RepositoryKeys.IndexFile(gone[0]),
                $"of the index files that the snapshot {previous!.Id} names, {Counted.Of(gone.Count, "is gone:", "are gone, the first of them")} "
                + $"{RepositoryKeys.IndexFile(gone[0])}; what was listed there is fetched again.",
                "earlier snapshots cannot be read without: look in another copy of the repository");
        }
    }

    /// <returns><see langword="null"/> when a part of it may not be listed: then nothing is known to be absent.</returns>
    private static async Task<StoredFiles?> TryListAsync(IStore store, List<Finding> findings, CancellationToken cancellationToken)
    {
        var files = new StoredFiles();
        var isWhole = false;
        try
        {
            // A file that is named otherwise holds no row's bytes; check names it.
            await foreach (var file in Repository.ListStoredAsync(store, _ => { }, cancellationToken))
            {
                files.Add(file);
            }

            isWhole = true;
            return files;
        }
        catch (NesteggException unreadable) when (unreadable.IsOfOneItem)
        {
            findings.Add(new Finding(
                "presence-unknown", Severity.Warning, "repository",
                $"whether all stored objects are there could not be seen: {unreadable.Message}", unreadable.Hint));
            return null;
        }
        finally
        {
            if (!isWhole)
            {
                files.Dispose();
            }
        }
    }
}

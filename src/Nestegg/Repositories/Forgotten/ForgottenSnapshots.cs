using Nestegg.Repositories.Files;
using Nestegg.Repositories.Manifests;

namespace Nestegg.Repositories;

/// <summary>
/// What the marks of a repository come to. A mark stays when prune has removed its snapshot: it is what tells that from a loss. Holds some
/// hundred bytes for each snapshot that was ever forgotten.
/// </summary>
internal sealed class ForgottenSnapshots
{
    private readonly Dictionary<SnapshotId, ForgetMark> marks = [];

    /// <summary>The last that was decided about each snapshot that was ever forgotten.</summary>
    public IReadOnlyCollection<ForgetMark> Marks => marks.Values;

    /// <summary>The keys of the files that they were read from.</summary>
    public List<string> Files { get; } = [];

    /// <summary>When it was forgotten; <see langword="null"/> when it is not, or no longer.</summary>
    public DateTimeOffset? When(SnapshotId id) => marks.GetValueOrDefault(id) is { IsForgotten: true } mark ? mark.At : null;

    public bool Has(SnapshotId id) => When(id) is not null;

    /// <summary>The snapshot that had this very manifest is forgotten.</summary>
    public bool Has(PreviousManifest manifest) => Has(manifest.Id) && marks[manifest.Id].Manifest == manifest.Sha256;

    /// <summary>A mark that counts more than all others of the snapshot, whatever clock they were made by.</summary>
    public ForgetMark Decide(SnapshotId id, ObjectHash manifest, DateTimeOffset now, bool isForgotten)
    {
        var last = marks.GetValueOrDefault(id)?.At ?? DateTimeOffset.MinValue;
        return new ForgetMark(id, manifest, now > last ? now : last.AddTicks(1), isForgotten);
    }

    /// <summary>Takes up a mark. In doubt a snapshot is kept.</summary>
    public void Add(ForgetMark mark)
    {
        if (!marks.TryGetValue(mark.Snapshot, out var other) || mark.At > other.At || (mark.At == other.At && !mark.IsForgotten))
        {
            marks[mark.Snapshot] = mark;
        }
    }
}

using System.Diagnostics;
using Nestegg.Ente.Objects;
using Nestegg.Repositories.Manifests;

namespace Nestegg.Backup;

/// <summary>What a run counts, by kind of object. May be added to by many tasks at once.</summary>
public sealed class BackupCounts
{
    private static readonly ObjectKind[] AllKinds = Enum.GetValues<ObjectKind>();

    private readonly long[] objects = new long[AllKinds.Length];
    private readonly long[] bytes = new long[AllKinds.Length];
    private long missing;
    private long missingDerived;
    private long changedSince;

    /// <summary>Objects that the database names and the repository has.</summary>
    public long Objects => objects.Sum();

    public long Bytes => bytes.Sum();

    /// <summary>Lost originals, thumbnails and profile pictures.</summary>
    public long Missing => missing;

    /// <summary>Lost objects that Ente can make again.</summary>
    public long MissingDerived => missingDerived;

    /// <summary>Objects that were deleted or overwritten while the run went on.</summary>
    public long ChangedSince => changedSince;

    public void AddHeld(ObjectKind kind, long sizeBytes)
    {
        Debug.Assert(sizeBytes >= 0, "A length has no sign.");
        Interlocked.Increment(ref objects[(int)kind]);
        Interlocked.Add(ref bytes[(int)kind], sizeBytes);
    }

    public void AddMissing(ObjectKind kind) => Interlocked.Increment(ref kind.IsDerived ? ref missingDerived : ref missing);

    public void AddChangedSince() => Interlocked.Increment(ref changedSince);

    public IReadOnlyDictionary<string, KindCounts> ByKind() => AllKinds
        .Where(kind => objects[(int)kind] > 0)
        .ToDictionary(kind => kind.Name, kind => new KindCounts(objects[(int)kind], bytes[(int)kind]));
}

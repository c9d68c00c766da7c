namespace Nestegg.Ente.Objects;

/// <summary>An object that a row of the database names.</summary>
/// <param name="Key">Its key in the bucket; <see cref="ObjectKey"/> takes it apart.</param>
/// <param name="Kind">What it is.</param>
/// <param name="SizeBytes">
/// The length that the database states; null when it need not state one, <see cref="Impossible"/> when it states what no object has.
/// </param>
/// <param name="Version">
/// The row's <c>updated_at</c> in microseconds, where the object may be overwritten or its length is not stated; null for what is written
/// once.
/// </param>
/// <param name="Slots">The slots that the row names.</param>
/// <param name="IsDeleted">The row is marked deleted: the bytes may be there and are kept; their absence is no loss.</param>
/// <param name="OwnerId">The user in whose part of the bucket it is; null when the key does not say.</param>
/// <param name="FileId">The file it belongs to; null for a profile picture.</param>
public readonly record struct NamedObject(
    string Key, ObjectKind Kind, long? SizeBytes, long? Version, SlotNames Slots, bool IsDeleted, long? OwnerId, long? FileId)
{
    /// <summary>A length that no object is of, so that none is ever taken for what the database states.</summary>
    public const long Impossible = -1;

    /// <summary>What S3 stores at most, far above what an app uploads.</summary>
    public const long LargestBytes = 5L << 40;

    /// <summary>The length to add up; 0 where none is known.</summary>
    public long CountedBytes => SizeBytes is > 0 and <= LargestBytes and var bytes ? bytes : 0;

    /// <summary>What the database states, in words.</summary>
    public string StatedLength => SizeBytes == Impossible ? "a length that no object has" : Counted.Of(SizeBytes ?? 0, "byte");
}

namespace Nestegg.Ente.Objects;

/// <summary>An object that a row of the database names.</summary>
/// <param name="Key">Its key in the bucket.</param>
/// <param name="Kind">What it is.</param>
/// <param name="SizeBytes">The length that the database states; -1 when it states none.</param>
/// <param name="Version">0 for keys that are written once and whose size is stated; else the row's <c>updated_at</c> in microseconds.</param>
/// <param name="Slots">The slots that the row names, the likeliest first, separated by commas: <c>b2-eu-cen,wasabi-eu-central-2-v3</c>.</param>
/// <param name="IsDeleted">The row is marked deleted: the bytes may be there and are kept; their absence is no loss.</param>
/// <param name="OwnerId">The user in whose part of the bucket it is.</param>
/// <param name="FileId">The file it belongs to; 0 for a profile picture.</param>
public readonly record struct NamedObject(
    string Key, ObjectKind Kind, long SizeBytes, long Version, string Slots, bool IsDeleted, long OwnerId, long FileId);

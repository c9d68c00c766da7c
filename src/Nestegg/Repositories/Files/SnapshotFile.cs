using Nestegg.Stores;

namespace Nestegg.Repositories.Files;

/// <summary>A file of a snapshot's folder.</summary>
/// <param name="Name">Without the folder.</param>
internal readonly record struct SnapshotFile(string Key, SnapshotId Snapshot, string Name, long SizeBytes)
{
    /// <summary><see langword="false"/> when it lies where no snapshot has a file.</summary>
    public static bool TryParse(in StoreItem item, out SnapshotFile file)
    {
        var parts = item.Key.Split('/');
        file = default;
        if (parts.Length != 3 || !SnapshotId.TryParse(parts[1], out var id))
        {
            return false;
        }

        file = new SnapshotFile(item.Key, id, parts[2], item.SizeBytes);
        return true;
    }
}

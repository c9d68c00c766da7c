using Nestegg.Ente.Objects;

namespace Nestegg.Audit;

/// <summary>
/// Which lengths the encrypted form of something can have. A file is cut into chunks of 4 MiB, each 17 bytes longer when encrypted, so a rest of 1 to 16
/// bytes belongs to no plaintext. A thumbnail is one message; a picture carries its 24-byte header; machine-learning data and playlists are JSON.
/// </summary>
internal static class SizeRules
{
    private const int MessageOverheadBytes = 17;
    private const int HeaderBytes = 24;
    private const int ChunkBytes = (4 << 20) + MessageOverheadBytes;

    public static bool IsPossible(ObjectKind kind, long sizeBytes) => kind switch
    {
        ObjectKind.File => sizeBytes >= MessageOverheadBytes && (sizeBytes % ChunkBytes) is 0 or >= MessageOverheadBytes,
        ObjectKind.Thumbnail or ObjectKind.ImagePreview => sizeBytes >= MessageOverheadBytes,
        ObjectKind.ProfilePicture => sizeBytes >= HeaderBytes + MessageOverheadBytes,
        ObjectKind.VideoPreview => sizeBytes > 0,
        _ => sizeBytes >= "{}".Length,
    };
}

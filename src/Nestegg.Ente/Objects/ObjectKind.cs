using Nestegg.Ente.Cryptography;

namespace Nestegg.Ente.Objects;

/// <summary>What an object of the buckets is to Ente.</summary>
public enum ObjectKind
{
    /// <summary>An original, encrypted. Its loss is the loss of a photo.</summary>
    File,

    /// <summary>A thumbnail, encrypted by the uploading app.</summary>
    Thumbnail,

    /// <summary>Machine-learning data; JSON that museum overwrites in place. Can be made again.</summary>
    MlData,

    /// <summary>The media bytes of a streamable preview of a video. Can be made again.</summary>
    VideoPreview,

    /// <summary>The playlist that goes with a video preview; JSON. Can be made again.</summary>
    VideoPlaylist,

    /// <summary>A preview of an image. Can be made again.</summary>
    ImagePreview,

    /// <summary>A contact's picture.</summary>
    ProfilePicture,
}

/// <summary>What follows from an object's kind.</summary>
public static class ObjectKinds
{
    extension(ObjectKind kind)
    {
        /// <summary>Whether Ente can make such an object again from the original.</summary>
        public bool IsDerived =>
            kind is ObjectKind.MlData or ObjectKind.VideoPreview or ObjectKind.VideoPlaylist or ObjectKind.ImagePreview;

        /// <summary>
        /// Whether the encrypted form of such an object can have this length. A file is cut into messages of 4 MiB, a thumbnail is one, a
        /// picture carries its header; machine-learning data and playlists are JSON.
        /// </summary>
        public bool CanBeOfLength(long sizeBytes) => kind switch
        {
            ObjectKind.File => SecretStream.PlaintextBytes(sizeBytes) is not null,
            ObjectKind.Thumbnail or ObjectKind.ImagePreview => sizeBytes >= SecretStream.OverheadBytes,
            ObjectKind.ProfilePicture => sizeBytes >= SecretStream.HeaderBytes + SecretStream.OverheadBytes,
            ObjectKind.VideoPreview => sizeBytes > 0,
            _ => sizeBytes >= "{}".Length,
        };

        /// <summary>The kind's name for programs and people: <c>file</c>, <c>ml-data</c>.</summary>
        public string Name => kind switch
        {
            ObjectKind.File => "file",
            ObjectKind.Thumbnail => "thumbnail",
            ObjectKind.MlData => "ml-data",
            ObjectKind.VideoPreview => "video-preview",
            ObjectKind.VideoPlaylist => "video-playlist",
            ObjectKind.ImagePreview => "image-preview",
            ObjectKind.ProfilePicture => "profile-picture",
            _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "It is none of Ente's kinds of objects."),
        };
    }
}

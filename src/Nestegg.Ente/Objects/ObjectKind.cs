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

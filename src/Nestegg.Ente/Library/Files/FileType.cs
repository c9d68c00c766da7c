namespace Nestegg.Ente.Library;

/// <summary>What a file is, as its metadata says. Any other number may occur and is kept.</summary>
public enum FileType
{
    /// <summary>The metadata does not say, as in very old files.</summary>
    Unknown = -1,

    /// <summary>A picture.</summary>
    Image = 0,

    /// <summary>A video.</summary>
    Video = 1,

    /// <summary>A picture and a video in a zip.</summary>
    LivePhoto = 2,

    /// <summary>Any other file; in Locker only.</summary>
    Other = 3,

    /// <summary>A Locker item that has no bytes: everything is in its public magic metadata.</summary>
    Info = 4,
}

using System.Text.Json;
using Nestegg.Ente.Json;

namespace Nestegg.Ente.Library;

/// <summary>What the uploading app wrote about a file, never changed afterwards: the JSON of <c>files.encrypted_metadata</c>.</summary>
public sealed record FileMetadata
{
    /// <summary>The original name with its extension. Whoever uploaded it chose it: never use it as a path.</summary>
    public string? Title { get; init; }

    /// <summary>When it was taken, in microseconds since 1970. May be negative or 0. Locker writes milliseconds.</summary>
    public long? CreationTime { get; init; }

    /// <summary>When it was changed, in the same unit.</summary>
    public long? ModificationTime { get; init; }

    /// <summary>What it is.</summary>
    public FileType Type { get; init; } = FileType.Unknown;

    /// <summary>Where it was taken.</summary>
    public Location? Location { get; init; }

    /// <summary>Base64 of the BLAKE2b-512 of the plaintext; of a live photo both, with a colon between. Absent in old files.</summary>
    public string? Hash { get; init; }

    /// <summary>A live photo's picture, where an older app hashed the parts apart.</summary>
    public string? ImageHash { get; init; }

    /// <summary>A live photo's video, where an older app hashed the parts apart.</summary>
    public string? VideoHash { get; init; }

    /// <summary>Seconds, of a video.</summary>
    public double? Duration { get; init; }

    /// <summary>Everything, with what this library does not know.</summary>
    public JsonElement Json { get; init; }

    /// <summary>Reads it; what is of the wrong kind is absent.</summary>
    internal static FileMetadata Read(JsonElement json) => new()
    {
        Title = json.Text("title"),
        CreationTime = json.Integer("creationTime"),
        ModificationTime = json.Integer("modificationTime"),
        Type = json.Integer("fileType") is >= int.MinValue and <= int.MaxValue and var type ? (FileType)type : FileType.Unknown,
        Location = Library.Location.From(json.Real("latitude"), json.Real("longitude")),
        Hash = json.Text("hash"),
        ImageHash = json.Text("imageHash"),
        VideoHash = json.Text("videoHash"),
        Duration = json.Real("duration"),
        Json = json,
    };
}

using System.Text.Json;
using Nestegg.Ente.Json;

namespace Nestegg.Ente.Library;

/// <summary>What was edited about a file later, for everyone who sees it: <c>files.pub_magic_metadata</c>.</summary>
public sealed record PublicMetadata
{
    /// <summary>Nothing was edited.</summary>
    public static PublicMetadata None { get; } = new();

    /// <summary>A new name.</summary>
    public string? EditedName { get; init; }

    /// <summary>A new time in microseconds; null when not set.</summary>
    public long? EditedTime { get; init; }

    /// <summary>A description; may have several lines.</summary>
    public string? Caption { get; init; }

    /// <summary>Wall clock time in ISO 8601 without a zone.</summary>
    public string? DateTime { get; init; }

    /// <summary>The zone of <see cref="DateTime"/>: <c>+02:00</c>.</summary>
    public string? OffsetTime { get; init; }

    /// <summary>A new place; both numbers are set and neither is 0.</summary>
    public Location? Location { get; init; }

    /// <summary>Pixels.</summary>
    public long? Width { get; init; }

    /// <summary>Pixels.</summary>
    public long? Height { get; init; }

    /// <summary>Who uploaded it through a public link.</summary>
    public string? UploaderName { get; init; }

    /// <summary>What a Locker item holds.</summary>
    public LockerItem? Info { get; init; }

    /// <summary>Everything, with what this library does not know; undefined when there is nothing.</summary>
    public JsonElement Json { get; init; }

    /// <summary>Reads it; what is of the wrong kind is absent.</summary>
    internal static PublicMetadata Read(JsonElement json)
    {
        var (latitude, longitude) = (json.Real("lat"), json.Real("long"));
        return new PublicMetadata
        {
            EditedName = json.Text("editedName") is { Length: > 0 } name ? name : null,
            EditedTime = json.Integer("editedTime") is not 0 and { } time ? time : null,
            Caption = json.Text("caption"),
            DateTime = json.Text("dateTime"),
            OffsetTime = json.Text("offsetTime"),
            Location = latitude is 0 || longitude is 0 ? null : Library.Location.From(latitude, longitude),
            Width = json.Integer("w"),
            Height = json.Integer("h"),
            UploaderName = json.Text("uploaderName"),
            Info = LockerItem.Read(json),
            Json = json,
        };
    }
}

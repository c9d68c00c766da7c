using System.Text.Json.Nodes;

namespace Nestegg.TestKit.Sample;

/// <summary>A file to be uploaded.</summary>
internal sealed record Upload(string Title, int Type, byte[] Content)
{
    /// <summary>What was edited about it, as if it had been at once.</summary>
    public SampleEdits Edits { get; init; } = SampleEdits.None;

    public int Visibility { get; init; }

    /// <summary>The recorded hash, where it is not that of the whole content; empty where none was recorded.</summary>
    public string? Hash { get; init; }

    public (double Latitude, double Longitude)? Location { get; init; }

    /// <summary>Of a live photo: the names in its zip, with the SHA-256 of each.</summary>
    public IReadOnlyDictionary<string, string> Parts { get; init; } = new Dictionary<string, string>();

    /// <summary>The name in an export of the album, where it is another than its own.</summary>
    public string? ExportName { get; init; }

    /// <summary>Described as the first apps did.</summary>
    public bool IsOldStyle { get; init; }
}

/// <summary>What somebody changed about a file later, for everybody who sees it.</summary>
public sealed record SampleEdits
{
    public static SampleEdits None { get; } = new();

    public string? Name { get; init; }

    public string? Caption { get; init; }

    /// <summary>Microseconds since 1970.</summary>
    public long? Time { get; init; }

    /// <summary>The time on the wall, and its zone: <c>2024-06-01T11:30:00</c>, <c>+02:00</c>.</summary>
    public (string Time, string Offset)? WallClock { get; init; }

    public (double Latitude, double Longitude)? Location { get; init; }

    /// <summary>Who uploaded it through a link.</summary>
    public string? UploaderName { get; init; }

    internal JsonObject ToJson()
    {
        var json = new JsonObject();
        if (Name is not null)
        {
            json["editedName"] = Name;
        }

        if (Caption is not null)
        {
            json["caption"] = Caption;
        }

        if (Time is not null)
        {
            json["editedTime"] = Time;
        }

        if (WallClock is var (time, offset))
        {
            (json["dateTime"], json["offsetTime"]) = (time, offset);
        }

        if (Location is var (latitude, longitude))
        {
            (json["lat"], json["long"]) = (latitude, longitude);
        }

        if (UploaderName is not null)
        {
            json["uploaderName"] = UploaderName;
        }

        return json;
    }
}

/// <summary>An album to be made.</summary>
internal sealed record NewAlbum(string Name)
{
    public string Type { get; init; } = "album";

    public string App { get; init; } = "photos";

    /// <summary>0 visible, 1 archived, 2 hidden.</summary>
    public int Visibility { get; init; }

    /// <summary>1: the album of hidden files; 2: made for a link.</summary>
    public int SubType { get; init; }

    /// <summary>1 when it is pinned.</summary>
    public int Order { get; init; }

    /// <summary>The folder in an export, where it has another name than the album.</summary>
    public string? Folder { get; init; }

    /// <summary>The folder of a phone that it was made from.</summary>
    public string? DevicePath { get; init; }

    /// <summary>With its name in the clear, as the first apps made albums.</summary>
    public bool IsOldStyle { get; init; }

    /// <summary>What everybody who sees it may know: its order, its cover.</summary>
    public JsonObject PublicJson { get; init; } = [];

    /// <summary>What only its owner may know of it.</summary>
    public JsonObject OwnerJson
    {
        get
        {
            var json = new JsonObject();
            if (Visibility != 0)
            {
                json["visibility"] = Visibility;
            }

            if (SubType != 0)
            {
                json["subType"] = SubType;
            }

            if (Order != 0)
            {
                json["order"] = Order;
            }

            return json;
        }
    }
}

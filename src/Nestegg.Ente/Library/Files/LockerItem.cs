using System.Text.Json;
using Nestegg.Ente.Json;

namespace Nestegg.Ente.Library;

/// <summary>An item of Ente Locker that is not a file: a note, a password, where the will is.</summary>
/// <param name="Type">
/// <c>note</c>, <c>physicalRecord</c>, <c>accountCredential</c>, <c>emergencyContact</c>, or what a newer app wrote.
/// </param>
/// <param name="Data">Its fields, as the app wrote them.</param>
public sealed record LockerItem(string Type, JsonElement Data)
{
    /// <summary>What the apps show as the item's name.</summary>
    public string? Title => Data.Text("title") ?? Data.Text("name");

    /// <summary>The whole item, as Ente's apps keep it.</summary>
    public JsonElement ToJson()
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream))
        {
            writer.WriteStartObject();
            writer.WriteString("type", Type);
            writer.WritePropertyName("data");
            Data.WriteTo(writer);
            writer.WriteEndObject();
        }

        return LenientJson.TryParse(stream.ToArray(), out var json) ? json : default;
    }

    /// <summary>Never the content: it is somebody's password.</summary>
    public override string ToString() => $"LockerItem ({Type})";

    internal static LockerItem? Read(JsonElement publicMetadata)
    {
        if (!publicMetadata.TryGet("info", out var info))
        {
            return null;
        }

        // Older items hold the object as text.
        if (info.ValueKind == JsonValueKind.String
            && (!LenientJson.TryParse(info.GetString(), out info) || info.ValueKind != JsonValueKind.Object))
        {
            return null;
        }

        return info.Text("type") is { } type && info.TryGet("data", out var data) ? new LockerItem(Camel(type), data) : null;
    }

    /// <summary>Older items are called <c>physical-record</c> and the like.</summary>
    private static string Camel(string type)
    {
        var words = type.Split('-', StringSplitOptions.RemoveEmptyEntries);
        return words.Length < 2 ? type : words[0] + string.Concat(words.Skip(1).Select(word => char.ToUpperInvariant(word[0]) + word[1..]));
    }
}

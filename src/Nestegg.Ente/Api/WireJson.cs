using System.Text.Json;

namespace Nestegg.Ente.Api;

/// <summary>What museum's JSON needs besides <see cref="Library.LenientJson"/>; here too, what is absent or of another kind is no error.</summary>
internal static class WireJson
{
    internal static JsonElement Member(this JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) ? value : default;

    internal static IEnumerable<JsonElement> List(this JsonElement element, string name)
    {
        var list = element.Member(name);
        return list.ValueKind == JsonValueKind.Array ? list.EnumerateArray() : [];
    }

    /// <summary>An object as the text it was, null when there is none: what a jsonb column holds.</summary>
    internal static string? Json(this JsonElement element, string name)
    {
        var value = element.Member(name);
        return value.ValueKind == JsonValueKind.Object ? value.GetRawText() : null;
    }

    /// <summary>Bytes in Base64; null when there are none or they are not Base64.</summary>
    internal static byte[]? Base64(this JsonElement element, string name)
    {
        var value = element.Member(name);
        return value.ValueKind == JsonValueKind.String && value.TryGetBytesFromBase64(out var bytes) ? bytes : null;
    }
}

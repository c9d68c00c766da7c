using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Nestegg.Ente.Json;

/// <summary>
/// Reads JSON that years of different apps wrote, or that somebody hostile did: numbers may be doubles or text, text may be a number,
/// anything may be null or of another kind. What cannot be read is absent; nothing here throws.
/// </summary>
internal static partial class LenientJson
{
    /// <summary>Parses a document.</summary>
    /// <returns>False when it is not JSON.</returns>
    internal static bool TryParse(ReadOnlySpan<byte> utf8, out JsonElement root) => TryParse(Encoding.UTF8.GetString(utf8), out root);

    /// <inheritdoc cref="TryParse(ReadOnlySpan{byte}, out JsonElement)"/>
    internal static bool TryParse([NotNullWhen(true)] string? text, out JsonElement root)
    {
        root = default;
        if (text is null)
        {
            return false;
        }

        try
        {
            // JavaScript writes half a surrogate pair as an escape, and .NET refuses to read it back: replace it.
            text = LoneSurrogate().Replace(text.TrimStart('\ufeff'), match => match.Groups["lone"].Success ? @"\ufffd" : match.Value);
            using var document = JsonDocument.Parse(Encoding.UTF8.GetBytes(text));
            root = document.RootElement.Clone();
            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    /// <summary>A member that is there and not null.</summary>
    internal static bool TryGet(this JsonElement json, string name, out JsonElement value)
    {
        value = default;
        return json.ValueKind == JsonValueKind.Object && json.TryGetProperty(name, out value)
            && value.ValueKind is not (JsonValueKind.Null or JsonValueKind.Undefined);
    }

    /// <summary>Text, or a number as text (old captions); else null.</summary>
    internal static string? Text(this JsonElement json, string name) => !json.TryGet(name, out var value)
        ? null
        : value.ValueKind switch
        {
            JsonValueKind.String => value.GetString(),
            JsonValueKind.Number => value.GetRawText(),
            _ => null,
        };

    /// <summary>
    /// A whole number, also when it is written as a double or as text; else null. Beyond the range of a long it is absent.
    /// </summary>
    internal static long? Integer(this JsonElement json, string name)
    {
        if (json.TryGet(name, out var value) && value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var integer))
        {
            return integer;
        }

        return json.Real(name) is { } real && Math.Abs(real) < 9.2e18 ? (long)Math.Round(real) : null;
    }

    /// <summary>A finite number, also when it is written as text; else null.</summary>
    internal static double? Real(this JsonElement json, string name)
    {
        if (!json.TryGet(name, out var value))
        {
            return null;
        }

        var real = double.NaN;
        if (value.ValueKind == JsonValueKind.Number)
        {
            _ = value.TryGetDouble(out real);
        }
        else if (value.ValueKind == JsonValueKind.String)
        {
            var isNumber = double.TryParse(value.GetString(), NumberStyles.Float, CultureInfo.InvariantCulture, out var parsed);
            real = isNumber ? parsed : double.NaN;
        }

        return double.IsFinite(real) ? real : null;
    }

    /// <summary>True only for <c>true</c>, 1 and their text.</summary>
    internal static bool Flag(this JsonElement json, string name) => json.TryGet(name, out var value)
        && (value.ValueKind == JsonValueKind.True || (json.Text(name) is "1" or "true"));

    /// <summary>A member as it is; undefined when there is none.</summary>
    internal static JsonElement Member(this JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) ? value : default;

    /// <summary>The items of a list; none when there is no list.</summary>
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

    // Escaped backslashes are matched first so that the "u" after them is not taken for an escape.
    [GeneratedRegex(@"\\\\|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(?<lone>\\u[dD][89a-fA-F][0-9a-fA-F]{2})")]
    private static partial Regex LoneSurrogate();
}

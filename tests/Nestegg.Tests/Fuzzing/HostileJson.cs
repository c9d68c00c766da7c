using System.Text;
using System.Text.Json.Nodes;

namespace Nestegg.Tests.Fuzzing;

/// <summary>What Ente's apps write about files and albums, and the same with values that no app would write.</summary>
internal static class HostileJson
{
    private static readonly string[] Valid =
    [
        """{"title":"IMG_1.HEIC","creationTime":1717234200000000,"modificationTime":1.7172342e15,"fileType":2,"latitude":46.5,"longitude":6.6,"hash":"aGFzaA==:aGFzaA==","imageHash":"aGFzaA==","videoHash":"aGFzaA==","duration":3,"hasStaticThumbnail":true,"localID":"x","version":1}""",
        """{"editedName":"Grandmother swims.jpg","editedTime":1717234200000000,"caption":"two\nlines","w":640,"h":480,"dateTime":"2024-06-01T11:30:00","offsetTime":"+02:00","lat":46.5,"long":6.6,"uploaderName":"Ben","cameraMake":"A","sv":1}""",
        """{"visibility":2,"subType":1,"order":1,"asc":true,"coverID":10000001,"layout":"grouped","mute":false}""",
        """{"info":{"type":"physical-record","data":{"name":"Will","location":"second drawer","notes":null}},"noThumb":true}""",
        """{"info":"{\"type\":\"note\",\"data\":{\"title\":\"Wi-Fi\",\"content\":\"x\"}}"}""",
        """{"name":"The lake","radius":5,"centerPoint":{"latitude":46.5,"longitude":6.6},"assigned":[{"id":"c","faces":["f"]}],"birthDate":"1990-02-03","contactUserId":7}""",
        """{"parts":[{"index":1,"name":"Ben","share":"AAAA","checksum":"AAAA"},{"index":2,"name":"Chi","share":"AAAA","checksum":"AAAA"},{"index":3,"name":"x","share":"AAAA","checksum":"AAAA"}]}""",
        "\"otpauth://totp/Bank:ada?secret=JBSWY3DPEHPK3PXP&issuer=Bank&codeDisplay=%7B%22trashed%22%3Atrue%7D\"",
    ];

    private static readonly string[] Hostile =
    [
        "null", "true", "-1", "0", "1e308", "-9223372036854775808",
        "99999999999999999999999", "0.1", "[]", "{}", "[[[[1]]]]", "\"\"", "\"NaN\"", "\"1e999\"", "\"../../x\"", "\"/etc/passwd\"",
        "\"C:\\\\con\"", "\"\\u0000\"", "\"\\u202egpj.exe\"", "\"\\ud800\"", "\"\\udc00\\ud800\"", "\"a\\nb\\u001bc\"",
        "\"%zz%\"", "\"{\\\"type\\\":5}\"", $"\"{new string('y', 5000)}.jpg\"", new string('[', 100) + new string(']', 100),
    ];

    /// <summary>Bytes that may still be JSON, and mostly are.</summary>
    public static byte[] Next(Random random)
    {
        var json = JsonNode.Parse(Valid[random.Next(Valid.Length)])!;
        for (var change = random.Next(4); change > 0 && json is JsonObject; change--)
        {
            Replace(json, random);
        }

        var text = json.ToJsonString();
        for (var i = 0; i < Hostile.Length; i++)
        {
            text = text.Replace($"\"{Place(i)}\"", Hostile[i], StringComparison.Ordinal);
        }

        return random.Next(3) == 0 ? Fuzz.Mutate(Encoding.UTF8.GetBytes(text), random) : Encoding.UTF8.GetBytes(text);
    }

    private static void Replace(JsonNode json, Random random)
    {
        if (json is JsonObject fields && fields.Count > 0)
        {
            var (name, value) = fields.ElementAt(random.Next(fields.Count));
            if (value is JsonObject or JsonArray && random.Next(2) == 0)
            {
                Replace(value, random);
            }
            else
            {
                fields[name] = Value(random);
            }
        }
        else if (json is JsonArray { Count: > 0 } items)
        {
            var at = random.Next(items.Count);
            if (items[at] is { } item && random.Next(2) == 0)
            {
                Replace(item, random);
            }
            else
            {
                items[at] = Value(random);
            }
        }
    }

    // .NET's own JSON would refuse to write some of the values, so they come into the text at the end.
    private static JsonValue Value(Random random) => JsonValue.Create(Place(random.Next(Hostile.Length)));

    private static string Place(int i) => $"(hostile {i})";
}

using System.Text.Encodings.Web;
using System.Text.Json;
using Nestegg.Ente.Library;

namespace Nestegg.Export;

/// <summary>An item of Locker as a file of JSON that a person can read.</summary>
internal static class LockerText
{
    internal static byte[] Write(LockerItem item)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(
            buffer, new JsonWriterOptions { Indented = true, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            json.WriteString("type", item.Type);
            json.WritePropertyName("data");
            item.Data.WriteTo(json);
            json.WriteEndObject();
        }

        buffer.WriteByte((byte)'\n');
        return buffer.ToArray();
    }
}

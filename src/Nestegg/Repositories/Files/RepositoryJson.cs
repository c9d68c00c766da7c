using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Nestegg.Stores.S3;

namespace Nestegg.Repositories.Files;

/// <summary>How JSON is written and read here: indented, camel case, times in UTC, base64 unescaped so that grep finds it.</summary>
internal static class RepositoryJson
{
    /// <summary>Options of one's own for a context, since a context makes them its own.</summary>
    public static JsonSerializerOptions NewOptions() => new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        WriteIndented = true,
        NewLine = "\n",
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
        Converters =
        {
            new UtcTimeConverter(), new ObjectHashConverter(), new SnapshotIdConverter(),
            new JsonStringEnumConverter<Severity>(JsonNamingPolicy.CamelCase),
            new JsonStringEnumConverter<SettingAnswer>(JsonNamingPolicy.CamelCase),
        },
    };

    private sealed class UtcTimeConverter : JsonConverter<DateTimeOffset>
    {
        public override DateTimeOffset Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            reader.GetDateTimeOffset();

        public override void Write(Utf8JsonWriter writer, DateTimeOffset value, JsonSerializerOptions options) =>
            writer.WriteStringValue(value.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFF'Z'", CultureInfo.InvariantCulture));
    }

    private sealed class ObjectHashConverter : JsonConverter<ObjectHash>
    {
        public override ObjectHash Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            ObjectHash.TryParse(reader.GetString(), out var hash) ? hash : throw new JsonException("A SHA-256 has 64 hexadecimal digits.");

        public override void Write(Utf8JsonWriter writer, ObjectHash value, JsonSerializerOptions options) =>
            writer.WriteStringValue(value.ToString());
    }

    private sealed class SnapshotIdConverter : JsonConverter<SnapshotId>
    {
        public override SnapshotId Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            SnapshotId.TryParse(reader.GetString(), out var id)
                ? id
                : throw new JsonException("A snapshot's id is a time and 8 hexadecimal digits.");

        public override void Write(Utf8JsonWriter writer, SnapshotId value, JsonSerializerOptions options) =>
            writer.WriteStringValue(value.ToString());
    }
}

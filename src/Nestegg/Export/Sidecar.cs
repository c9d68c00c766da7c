using System.Text.Json;
using Nestegg.Ente.Json;
using Nestegg.Ente.Library;

namespace Nestegg.Export;

/// <summary>What the official program writes about albums and files into <c>.meta</c>, byte for byte; and reading it back.</summary>
internal static class Sidecar
{
    internal const string FolderName = ".meta";
    internal const string AlbumFile = "album_meta.json";
    internal const string Extension = ".json";

    // Ours have less than 10 KB but for a caption, whose length nobody limits.
    private const int MaxBytes = 4 * 1024 * 1024;

    internal static byte[] OfAlbum(long id, long ownerId, string name, long accountId) => new SidecarJson()
        .Open(null, '{')
        .Number("id", id)
        .Number("ownerID", ownerId)
        .Text("albumName", name)
        .Flag("isDeleted", false)
        .Open("accountOwnerIDs", '[').Number(null, accountId).Close(']')
        .Close('}')
        .ToUtf8();

    internal static byte[] OfFile(LibraryFile file, string title, IEnumerable<string> names)
    {
        var json = new SidecarJson().Open(null, '{').Text("title", title)
            .Text("description", string.IsNullOrEmpty(file.Caption) ? null : file.Caption);
        if (file.Location is { } place)
        {
            json.Open("location", '{').Number("latitude", place.Latitude).Number("longitude", place.Longitude).Close('}');
        }
        else
        {
            json.Text("location", null);
        }

        json.Text("creationTime", SidecarJson.Time(file.CreationTime)).Text("modificationTime", SidecarJson.Time(file.ModificationTime));
        json.Open("info", '{').Number("id", file.Id).Text("hash", HashText(file.Hash));
        _ = file.OwnerId is { } owner ? json.Number("ownerID", owner) : json.Text("ownerID", null);
        json.Open("fileNames", '[');
        foreach (var name in names)
        {
            json.Text(null, name);
        }

        return json.Close(']').Close('}').Close('}').ToUtf8();
    }

    /// <summary>The id of the album whose folder this is; null when nothing says so.</summary>
    internal static async Task<long?> AlbumIdAsync(string folder, CancellationToken cancellationToken) =>
        await TryReadAsync(Path.Combine(folder, FolderName, AlbumFile), cancellationToken) is { } json
        && json.TryGetProperty("id", out var id) && id.ValueKind == JsonValueKind.Number && id.TryGetInt64(out var number)
            ? number
            : null;

    /// <summary>The file that a sidecar is about; null when it is none of ours or the official program's.</summary>
    internal static async Task<(long FileId, string Title, string[] Names)?> FileAsync(string path, CancellationToken cancellationToken)
    {
        if (await TryReadAsync(path, cancellationToken) is not { } json
            || !json.TryGetProperty("info", out var info) || info.ValueKind != JsonValueKind.Object
            || !info.TryGetProperty("id", out var id) || id.ValueKind != JsonValueKind.Number || !id.TryGetInt64(out var number)
            || !info.TryGetProperty("fileNames", out var names) || names.ValueKind != JsonValueKind.Array
            || !json.TryGetProperty("title", out var title) || title.ValueKind != JsonValueKind.String)
        {
            return null;
        }

        var texts = names.EnumerateArray().Where(name => name.ValueKind == JsonValueKind.String).Select(name => name.GetString()!);
        return (number, title.GetString()!, [.. texts]);
    }

    private static string? HashText(RecordedHash hash) => hash.IsOfParts ? $"{hash.Image}:{hash.Video}" : hash.Whole;

    private static async Task<JsonElement?> TryReadAsync(string path, CancellationToken cancellationToken)
    {
        // A link is not followed. A pipe, which somebody else put there, has no length and would be waited for.
        if (new FileInfo(path) is not { Exists: true, LinkTarget: null, Length: > 0 and <= MaxBytes })
        {
            return null;
        }

        return LenientJson.TryParse(await File.ReadAllBytesAsync(path, cancellationToken), out var json)
            && json.ValueKind == JsonValueKind.Object ? json : null;
    }
}

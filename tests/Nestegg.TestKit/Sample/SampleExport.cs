using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Nestegg.TestKit.Instances;

namespace Nestegg.TestKit.Sample;

/// <summary>What the official program's export of a sample's album would be, written down from what is known of that program.</summary>
internal static class SampleExport
{
    public static IEnumerable<ExportedPath> Of(SampleAlbum album, SamplePerson account, List<SampleFile> files)
    {
        var folder = album.App == "locker" ? $"Locker/{album.Folder}" : album.Folder;
        yield return Path($"{folder}/.meta/album_meta.json", $$"""
            {
              "id": {{album.Id}},
              "ownerID": {{album.Owner.UserId}},
              "albumName": {{Quote(album.Name)}},
              "isDeleted": false,
              "accountOwnerIDs": [
                {{account.UserId}}
              ]
            }

            """);
        foreach (var file in files.Where(file => file.Albums.Contains(album)))
        {
            var name = file.ExportNames.GetValueOrDefault(album, Title(file));
            var parts = Parts(file, name).ToList();
            yield return Path($"{folder}/.meta/{name}.json", Sidecar(file, parts.Select(part => part.Name)));
            foreach (var part in parts)
            {
                yield return new ExportedPath($"{folder}/{part.Name}", part.Sha256);
            }
        }
    }

    private static string Title(SampleFile file) => file.Info is null ? file.Name : file.Name + ".json";

    private static IEnumerable<(string Name, string Sha256)> Parts(SampleFile file, string name) =>
        file.Info is not null ? [(name, Hash(Pretty(file)))]
        : file.Parts.Count == 0 ? [(name, file.Sha256)]
        : file.Parts.Select(part => (System.IO.Path.ChangeExtension(name, System.IO.Path.GetExtension(part.Key)), part.Value));

    private static string Sidecar(SampleFile file, IEnumerable<string> names)
    {
        var location = file.Location is var (latitude, longitude) ? FormattableString.Invariant($$"""
            {
                "latitude": {{latitude}},
                "longitude": {{longitude}}
              }
            """) : "null";
        return $$"""
            {
              "title": {{Quote(Title(file))}},
              "description": {{(file.Caption is null ? "null" : Quote(file.Caption))}},
              "location": {{location}},
              "creationTime": {{Time(file.Time)}},
              "modificationTime": {{Time(file.RecordedTime)}},
              "info": {
                "id": {{file.Id}},
                "hash": {{(file.Hash is null ? "null" : Quote(file.Hash))}},
                "ownerID": {{file.Owner.UserId}},
                "fileNames": [
                  {{string.Join(",\n      ", names.Select(Quote))}}
                ]
              }
            }

            """;
    }

    private static string Time(long microseconds) =>
        $"\"{DateTimeOffset.FromUnixTimeSeconds(microseconds / 1_000_000):yyyy-MM-ddTHH:mm:ssZ}\"";

    private static string Pretty(SampleFile file) => file.Info!.ToJsonString(new JsonSerializerOptions
    {
        WriteIndented = true, NewLine = "\n", Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    }) + "\n";

    // As Go writes it, which escapes what could end a script in a page.
    private static string Quote(string text) =>
        '"' + text.Replace("\\", "\\\\").Replace("\"", "\\\"").Replace("\n", "\\n")
            .Replace("<", "\\u003c").Replace(">", "\\u003e").Replace("&", "\\u0026") + '"';

    private static ExportedPath Path(string path, string content) => new(path, Hash(content));

    private static string Hash(string content) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(content)));
}

using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Nestegg.TestKit.Instances;

namespace Nestegg.TestKit.Sample;

/// <summary>What a person must find in a sample as it is now, told by what was put in.</summary>
internal static class SampleTruth
{
    public static KnownPerson Of(SampleInstance sample, SamplePerson person, Role role)
    {
        var albums = sample.Albums.Where(album => album.IsSeenBy(person)).ToList();
        var files = sample.Files.Where(file => IsSeen(file, albums)).ToList();
        var derived = files.Concat(sample.Files.Where(file => file.IsInTrash && file.Owner == person)).SelectMany(file => file.DerivedKeys).ToList();
        return new KnownPerson
        {
            Role = role, Email = person.Email, Password = person.Password, RecoveryWords = person.RecoveryWords, UserId = person.UserId, TotpSecret = person.TotpSecret,
            Albums = [.. albums.Select(album => Album(album, person, files))], AuthCodes = [.. person.AuthCodes],
            TrashedSince = [.. sample.Files.Where(file => file is { IsInTrash: true, IsTrashedLater: true } && file.Owner == person).Select(file => (file.Albums[0].Id, file.Id))],
            AuthFile = string.Concat(person.AuthCodes.Select(code => code + "\n")), Export = [.. albums.SelectMany(album => SampleExport.Of(album, person, files))],
            Counts = new KnownCounts
            {
                Trash = sample.Files.Count(file => file.IsInTrash && file.Owner == person),
                DerivedObjects = derived.Count, MlData = derived.Count(key => key.EndsWith("/mldata", StringComparison.Ordinal)),
                Entities = person.Entities.Count, Contacts = person.Contacts.Count, ContactPictures = person.ContactPictures,
                Comments = albums.Sum(album => album.Comments.Count), Reactions = albums.Sum(album => album.Reactions.Count), MemoryShares = person.Memories.Count,
                FileLinks = person.LinkedFiles.Count, LegacyKits = person.LegacyKits.Count, EntrustedAccounts = person.EntrustedAccounts.Count,
            },
            Texts = new KnownTexts
            {
                Comments = [.. albums.SelectMany(album => album.Comments.Values)], Reactions = [.. albums.SelectMany(album => album.Reactions)], Entities = [.. person.Entities],
                Contacts = [.. person.Contacts], Memories = [.. person.Memories.Values], LinkedFiles = [.. person.LinkedFiles], LegacyKits = [.. person.LegacyKits],
                EntrustedAccounts = [.. person.EntrustedAccounts],
            },
        };
    }

    private static bool IsSeen(SampleFile file, List<SampleAlbum> albums) =>
        file is { IsInTrash: false, IsDeletedForGood: false } && file.Albums.Exists(albums.Contains);

    private static KnownAlbum Album(SampleAlbum album, SamplePerson person, List<SampleFile> files) => new(
        album.Id, album.Name, album.App, album.Type, album.Owner.UserId, album.Visibility, album.SubType,
        [.. files.Where(file => file.Albums.Contains(album)).Select(file => File(file, person))]);

    private static KnownFile File(SampleFile file, SamplePerson person) => new()
    {
        Id = file.Id, OwnerId = file.Owner.UserId, Title = file.Title, Name = file.Name, Type = file.Type, CreationTime = file.CreationTime, Time = file.Time, Hash = file.Hash,
        Caption = file.Caption, Visibility = file.Owner == person ? file.Visibility : 0, SizeBytes = Math.Max(file.SizeBytes, 0), Sha256 = file.Sha256, Parts = file.Parts,
        Info = file.Info is null ? null : JsonSerializer.SerializeToElement(file.Info),
    };
}

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

    private static string Time(long microseconds) => $"\"{DateTimeOffset.FromUnixTimeSeconds(microseconds / 1_000_000):yyyy-MM-ddTHH:mm:ssZ}\"";

    private static string Pretty(SampleFile file) => file.Info!.ToJsonString(new JsonSerializerOptions
    {
        WriteIndented = true, NewLine = "\n", Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    }) + "\n";

    // As Go writes it, which escapes what could end a script in a page.
    private static string Quote(string text) =>
        $"\"{text.Replace("\\", "\\\\").Replace("\"", "\\\"").Replace("\n", "\\n").Replace("<", "\\u003c").Replace(">", "\\u003e").Replace("&", "\\u0026")}\"";

    private static ExportedPath Path(string path, string content) => new(path, Hash(content));

    private static string Hash(string content) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(content)));
}

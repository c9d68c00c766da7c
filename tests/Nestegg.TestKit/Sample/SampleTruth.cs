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
        var derived = files.Concat(sample.Files.Where(file => file.IsInTrash && file.Owner == person)).SelectMany(file => file.DerivedKeys)
            .ToList();
        return new KnownPerson
        {
            Role = role, Email = person.Email, Password = person.Password, RecoveryWords = person.RecoveryWords, UserId = person.UserId,
            TotpSecret = person.TotpSecret,
            Albums = [.. albums.Select(album => Album(album, person, files))], AuthCodes = [.. person.AuthCodes],
            TrashedSince = [.. sample.Files.Where(file => file is { IsInTrash: true, IsTrashedLater: true } && file.Owner == person)
                .Select(file => (file.Albums[0].Id, file.Id))],
            AuthFile = string.Concat(person.AuthCodes.Select(code => code + "\n")),
            Export = [.. albums.SelectMany(album => SampleExport.Of(album, person, files))],
            Counts = new KnownCounts
            {
                Trash = sample.Files.Count(file => file.IsInTrash && file.Owner == person),
                DerivedObjects = derived.Count, MlData = derived.Count(key => key.EndsWith("/mldata", StringComparison.Ordinal)),
                Entities = person.Entities.Count, Contacts = person.Contacts.Count, ContactPictures = person.ContactPictures,
                Comments = albums.Sum(album => album.Comments.Count), Reactions = albums.Sum(album => album.Reactions.Count),
                MemoryShares = person.Memories.Count,
                FileLinks = person.LinkedFiles.Count, LegacyKits = person.LegacyKits.Count,
                EntrustedAccounts = person.EntrustedAccounts.Count,
            },
            Texts = new KnownTexts
            {
                Comments = [.. albums.SelectMany(album => album.Comments.Values)],
                Reactions = [.. albums.SelectMany(album => album.Reactions)], Entities = [.. person.Entities],
                Contacts = [.. person.Contacts], Memories = [.. person.Memories.Values], LinkedFiles = [.. person.LinkedFiles],
                LegacyKits = [.. person.LegacyKits],
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
        Id = file.Id, OwnerId = file.Owner.UserId, Title = file.Title, Name = file.Name, Type = file.Type, CreationTime = file.CreationTime,
        Time = file.Time, Hash = file.Hash,
        Caption = file.Caption, Visibility = file.Owner == person ? file.Visibility : 0, SizeBytes = Math.Max(file.SizeBytes, 0),
        Sha256 = file.Sha256, Parts = file.Parts,
        Info = file.Info is null ? null : JsonSerializer.SerializeToElement(file.Info),
    };
}

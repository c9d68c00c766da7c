using Nestegg.Ente.Database;
using Nestegg.Ente.Library;
using Nestegg.TestKit.Instances;

namespace Nestegg.Tests.Library;

/// <summary>What people said, remembered, linked and entrusted is read word for word as they put it in.</summary>
public sealed class WordsTests(KnownInstances instances)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InstanceData("t1", Only = KnownInstances.Sample)]
    [InstanceData("t2", Only = KnownInstances.Sample)]
    public async Task Everything_that_is_no_file_is_read_as_it_was_put_in(string name, string moment)
    {
        var known = (await instances.OpenAsync(name, Token))[moment];
        await using var dump = File.OpenRead(known.DumpPath);
        await using var database = await ArchiveDatabase.LoadAsync(dump, Token);
        var reader = await LibraryReader.OpenAsync(database.Connection, Token);
        foreach (var person in known.People)
        {
            using var keys = await person.OpenAsync(reader, Token);
            var albums = (await reader.AlbumsAsync(person.UserId, keys, Token)).Where(album => !album.IsDeleted).ToList();
            var words = person.Texts!;
            var comments = await reader.CommentsAsync(albums, Token)
                .Select(comment => comment.GuestName is null ? comment.Text! : $"{comment.GuestName}: {comment.Text}").ToListAsync(Token);
            Assert.Equal(words.Comments.Order(), comments.Order());
            Assert.Equal(words.Reactions.Order(),
                (await reader.ReactionsAsync(albums, Token).Select(reaction => reaction.Name!).ToListAsync(Token)).Order());
            Assert.Equal(words.Entities.Order(),
                (await reader.EntitiesAsync(person.UserId, keys, Token).Select(entity => $"{entity.Type} {entity.Json.GetProperty("name")}")
                .ToListAsync(Token)).Order());
            Assert.Equal(words.Contacts, await reader.ContactsAsync(person.UserId, keys, Token)
                .Select(contact => $"{contact.Name} {contact.BirthDate}".TrimEnd()).ToListAsync(Token));
            Assert.Equal(words.Memories, await reader.MemorySharesAsync(person.UserId, keys, Token)
                .Select(share => $"{share.Type} {share.Metadata.GetProperty("name")}").ToListAsync(Token));
            Assert.Equal(words.LinkedFiles, await reader.FileLinksAsync(person.UserId, keys, Token).Select(link => link.FileId)
                .ToListAsync(Token));
            Assert.Equal(words.LegacyKits, await reader.LegacyKitsAsync(person.UserId, keys, Token)
                .Select(kit => string.Join(", ", kit.Cards.Select(card => card.Name))).ToListAsync(Token));
            Assert.Equal(words.EntrustedAccounts, await reader.EntrustedAccountsAsync(person.UserId, keys, Token)
                .Select(account => account.UserId).ToListAsync(Token));
        }
    }
}

using System.Text;
using Nestegg.Ente;
using Nestegg.Ente.Api;
using Nestegg.Ente.Cryptography;
using Nestegg.Ente.Database;
using Nestegg.Ente.Library;
using Nestegg.TestKit;
using Nestegg.TestKit.Museum;

namespace Nestegg.Tests.Api;

/// <summary>Signing in to a museum and reading a library from it, with the recorded instance behind a server that answers as the real one did.</summary>
public sealed class MuseumTests : IAsyncLifetime
{
    private const string Moment = "t2";

    private ArchiveDatabase? _database;
    private RecordedMuseum _museum = null!;
    private MuseumClient _client = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        Assert.SkipUnless(FixtureFolder.IsPresent, FixtureFolder.SkipReason);
        await using var dump = File.OpenRead(FixtureFolder.Dump(Moment));
        _database = await ArchiveDatabase.LoadAsync(dump, EnteTables.Library, Path.GetTempPath(), Token);
        var accounts = new[] { FamilyAccount.Alice, FamilyAccount.Bob, FamilyAccount.Carol }.Select(email => FamilyAccount.Of(Moment, email))
            .ToDictionary(person => person.Email, person => new MuseumAccount(person.UserId, person.TotpSecret));
        var objects = FixtureFolder.Objects(Moment).ToDictionary(found => found.Key, found => found.FilePath);
        _museum = await RecordedMuseum.StartAsync(_database.Connection, accounts, objects.GetValueOrDefault, Token);
        _client = new MuseumClient(_museum.Endpoint, TimeProvider.System);
    }

    public async ValueTask DisposeAsync()
    {
        _client?.Dispose();
        if (_museum is not null) await _museum.DisposeAsync();
        if (_database is not null) await _database.DisposeAsync();
    }

    [Theory]
    [InlineData(FamilyAccount.Alice, 2500)]
    [InlineData(FamilyAccount.Bob, 3)]
    public async Task A_live_library_is_the_one_in_the_dump(string email, int pageSize)
    {
        _museum.PageSize = pageSize;
        var person = FamilyAccount.Of(Moment, email);
        await using (var session = await SignInAsync(person, EnteApp.Photos))
        {
            await using var live = await LiveLibrary.ReadAsync(session, Path.GetTempPath(), Token);
            Assert.Empty(live.Refused);
            Assert.Equal(
                await DescribeAsync(await LibraryReader.OpenAsync(_database!.Connection, Token), person, session.Keys),
                await DescribeAsync(await LibraryReader.OpenAsync(live.Connection, Token), person, session.Keys));
            Assert.Equal(person.UserId, live.People[email]);
        }

        Assert.Equal(0, _museum.OpenSessions);
        Assert.Equal(person.TotpSecret is not null, _museum.Requests.Contains("POST /users/two-factor/verify"));
    }

    [Fact]
    public async Task Locker_needs_a_session_of_its_own_and_shows_its_items()
    {
        var carol = FamilyAccount.Of(Moment, FamilyAccount.Carol);
        await using var session = await SignInByRecoveryKeyAsync(carol, EnteApp.Locker);
        await using var live = await LiveLibrary.ReadAsync(session, Path.GetTempPath(), Token);
        var reader = await LibraryReader.OpenAsync(live.Connection, Token);
        var albums = await reader.AlbumsAsync(carol.UserId, session.Keys, Token);
        var files = await reader.FilesAsync(carol.UserId, [.. albums.Where(album => !album.IsDeleted)], Token).ToListAsync(Token);
        Assert.Equal(4, files.Count);
        Assert.Single(files, file => file.HasContent);
        Assert.Equal("s3cret", files.Select(file => file.PublicMetadata.Info).Single(item => item?.Title == "Bank")!.Data.GetProperty("password").GetString());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Bytes_come_by_redirect_without_our_headers_or_straight_from_the_server(bool streams)
    {
        _museum.Streams = streams;
        var alice = FamilyAccount.Of(Moment, FamilyAccount.Alice);
        await using var session = await SignInByRecoveryKeyAsync(alice, EnteApp.Photos);
        await using (var live = await LiveLibrary.ReadAsync(session, Path.GetTempPath(), Token))
        {
            var reader = await LibraryReader.OpenAsync(live.Connection, Token);
            var albums = await reader.AlbumsAsync(alice.UserId, session.Keys, Token);
            var file = await reader.FilesAsync(alice.UserId, [.. albums.Where(album => album.Name == "Videos")], Token).FirstAsync(Token);
            await using var encrypted = await session.OpenFileAsync(file.Id, Token);
            using var hash = new Blake2b();
            Assert.Null(await SecretStreamDecryptor.DecryptAsync(encrypted!, file.Key!, file.ContentHeader, (chunk, _) =>
            {
                hash.Update(chunk.Span);
                return ValueTask.CompletedTask;
            }, Token));
            Assert.Equal(file.Hash.Whole, Convert.ToBase64String(hash.Finish()));
            await using var thumbnail = await session.OpenThumbnailAsync(file.Id, Token);
            Assert.NotNull(thumbnail);
        }

        Assert.Null(await session.OpenFileAsync(99999999, Token));
        Assert.Empty(_museum.Store.Leaks);
        Assert.Equal(streams, _museum.Store.MostActive == 0);
    }

    [Fact]
    public async Task Being_asked_to_wait_is_waited_for()
    {
        _museum.RefusalsFirst = 2;
        var alice = FamilyAccount.Of(Moment, FamilyAccount.Alice);
        await using var session = await SignInByRecoveryKeyAsync(alice, EnteApp.Photos);
        Assert.Equal(3, _museum.Requests.Count(request => request == "POST /users/ott"));
    }

    [Fact]
    public async Task A_museum_behind_a_path_is_reached_there()
    {
        _museum.PathPrefix = "/ente/api";
        using var client = new MuseumClient(new Uri(_museum.Endpoint, "/ente/api/"), TimeProvider.System);
        await client.PingAsync(Token);
        var alice = FamilyAccount.Of(Moment, FamilyAccount.Alice);
        Assert.True(RecoveryKey.TryParse(alice.RecoveryWords, out var key, out _));
        using (key)
        await using (var session = await MuseumSignIn.WithRecoveryKeyAsync(client, alice.Email, key, EnteApp.Photos, Questions(alice, null), Token))
        await using (var live = await LiveLibrary.ReadAsync(session, Path.GetTempPath(), Token))
        {
            var reader = await LibraryReader.OpenAsync(live.Connection, Token);
            var albums = await reader.AlbumsAsync(alice.UserId, session.Keys, Token);
            var file = await reader.FilesAsync(alice.UserId, albums, Token).FirstAsync(Token);
            await using var encrypted = await session.OpenFileAsync(file.Id, Token);
            Assert.NotNull(encrypted);
        }
    }

    [Fact]
    public async Task An_account_with_a_mailed_code_is_asked_for_it()
    {
        _museum.EmailMfa = true;
        await using var session = await SignInAsync(FamilyAccount.Of(Moment, FamilyAccount.Bob), EnteApp.Photos);
        Assert.Contains("POST /users/verify-email", _museum.Requests);
        Assert.DoesNotContain("POST /users/srp/create-session", _museum.Requests);
    }

    [Fact]
    public async Task A_wrong_password_is_told_from_a_wrong_address()
    {
        var alice = FamilyAccount.Of(Moment, FamilyAccount.Alice);
        var wrong = await Assert.ThrowsAsync<EnteException>(() => SignInAsync(alice with { Password = FamilyAccount.Of("t1", FamilyAccount.Alice).Password }, EnteApp.Photos));
        Assert.Equal($"the password is not that of {alice.Email}", wrong.Message);
        var unknown = await Assert.ThrowsAsync<EnteException>(() => SignInAsync(alice with { Email = "nobody@nestegg.example" }, EnteApp.Photos));
        Assert.EndsWith("knows no account nobody@nestegg.example", unknown.Message);
        Assert.Equal(0, _museum.OpenSessions);
    }

    [Fact]
    public async Task A_recovery_key_of_somebody_else_is_refused()
    {
        var alice = FamilyAccount.Of(Moment, FamilyAccount.Alice);
        var refused = await Assert.ThrowsAsync<EnteException>(() => SignInByRecoveryKeyAsync(alice with { RecoveryWords = FamilyAccount.Of(Moment, FamilyAccount.Bob).RecoveryWords }, EnteApp.Photos));
        Assert.Equal("the recovery key is not this account's", refused.Message);
    }

    [Fact]
    public async Task A_passkey_is_said_to_be_impossible_here()
    {
        _museum.Passkey = true;
        var refused = await Assert.ThrowsAsync<EnteException>(() => SignInByRecoveryKeyAsync(FamilyAccount.Of(Moment, FamilyAccount.Alice), EnteApp.Photos));
        Assert.Contains("passkey", refused.Message);
    }

    [Fact]
    public async Task A_wrong_code_is_refused()
    {
        var bob = FamilyAccount.Of(Moment, FamilyAccount.Bob);
        var refused = await Assert.ThrowsAsync<EnteException>(() => SignInByRecoveryKeyAsync(bob, EnteApp.Photos, "000000"));
        Assert.Contains("authenticator", refused.Message);
    }

    [Fact]
    public async Task Something_that_is_no_museum_is_told_so()
    {
        await _client.PingAsync(Token);
        using var store = new MuseumClient(_museum.Store.Endpoint, TimeProvider.System);
        var refused = await Assert.ThrowsAsync<MuseumException>(() => store.PingAsync(Token));
        Assert.Contains("does not answer as museum does", refused.Message);
    }

    private Task<MuseumSession> SignInAsync(FamilyAccount person, EnteApp app) =>
        MuseumSignIn.WithPasswordAsync(_client, person.Email.ToUpperInvariant(), Encoding.UTF8.GetBytes(person.Password), app, Questions(person, null), Token);

    private async Task<MuseumSession> SignInByRecoveryKeyAsync(FamilyAccount person, EnteApp app, string? totp = null)
    {
        Assert.True(RecoveryKey.TryParse(person.RecoveryWords, out var key, out _));
        using (key)
        {
            return await MuseumSignIn.WithRecoveryKeyAsync(_client, person.Email, key, app, Questions(person, totp), Token);
        }
    }

    private SignInQuestions Questions(FamilyAccount person, string? totp) => new(
        _ => Task.FromResult(_museum.MailedCode), _ => Task.FromResult(totp ?? Totp.Code(person.TotpSecret!, DateTimeOffset.UtcNow)));

    private static async Task<List<string>> DescribeAsync(LibraryReader reader, FamilyAccount person, Ente.Accounts.KeyChain keys)
    {
        var lines = new List<string>();
        var albums = (await reader.AlbumsAsync(person.UserId, keys, Token)).Where(album => album.App == "photos").ToList();
        lines.AddRange(albums.Select(album => $"{album.Id} {album.OwnerId} {album.Name} {album.Type} {album.IsDeleted} {album.IsHidden} {album.Visibility} {album.IsShared} {album.Problems.Count}"));
        await foreach (var file in reader.FilesAsync(person.UserId, [.. albums.Where(album => !album.IsDeleted)], Token)) lines.Add(Describe(file));
        await foreach (var file in reader.TrashAsync(person.UserId, albums, Token)) lines.Add(Describe(file));
        await foreach (var code in reader.AuthCodesAsync(person.UserId, keys, Token)) lines.Add(code.Uri!);
        await foreach (var entity in reader.EntitiesAsync(person.UserId, keys, Token)) lines.Add($"{entity.Type} {entity.Json}");
        return lines;
    }

    private static string Describe(LibraryFile file) =>
        $"{file.Id} {file.OwnerId} {file.Name} {file.Type} {file.CreationTime} {file.ModificationTime} {file.Location} {file.Caption} {file.Hash} {file.Visibility} {file.TrashedUntil} "
        + $"{string.Join(',', file.Albums.Select(album => album.Id))} {Convert.ToHexString(file.ContentHeader)} {file.Content?.SizeBytes} {file.Problems.Count}";
}

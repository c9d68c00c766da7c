using System.Text;
using Nestegg.Ente;
using Nestegg.Ente.Api;
using Nestegg.Ente.Cryptography;
using Nestegg.Ente.Database;
using Nestegg.Ente.Library;
using Nestegg.TestKit.Instances;
using Nestegg.TestKit.Museum;

namespace Nestegg.Tests.Api;

/// <summary>
/// Signing in to a museum and reading a library from it, with a known instance behind a server that answers as the real one did.
/// </summary>
public sealed class MuseumTests(KnownInstances instances) : IAsyncDisposable
{
    private const string Moment = "t2";

    private ArchiveDatabase? database;
    private KnownInstance instance = null!;
    private RecordedMuseum museum = null!;
    private MuseumClient client = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        client?.Dispose();
        if (museum is not null)
        {
            await museum.DisposeAsync();
        }

        if (database is not null)
        {
            await database.DisposeAsync();
        }
    }

    [Theory]
    [InstanceData(Role.Owner, 2500)]
    [InstanceData(Role.Sharee, 3)]
    public async Task A_live_library_is_the_one_in_the_dump(string name, Role role, int pageSize)
    {
        var people = await StartAsync(name);
        museum.PageSize = pageSize;
        var person = people[role];
        await using (var session = await SignInAsync(person, EnteApp.Photos))
        {
            await using var live = await LiveLibrary.ReadAsync(session, Path.GetTempPath(), Token);
            Assert.Empty(live.Refused);
            Assert.Equal(
                await DescribeAsync(await LibraryReader.OpenAsync(database!.Connection, Token), person, session.Keys),
                await DescribeAsync(await LibraryReader.OpenAsync(live.Connection, Token), person, session.Keys));
            Assert.Equal(person.UserId, live.People[person.Email]);
        }

        Assert.Equal(0, museum.OpenSessions);
        Assert.Equal(person.TotpSecret is not null, museum.Requests.Contains("POST /users/two-factor/verify"));
    }

    [Theory]
    [InstanceData]
    public async Task Locker_needs_a_session_of_its_own_and_shows_its_items(string name)
    {
        var people = await StartAsync(name);
        var keeper = people[Role.Keeper];
        await using var session = await SignInByRecoveryKeyAsync(keeper, EnteApp.Locker);
        await using var live = await LiveLibrary.ReadAsync(session, Path.GetTempPath(), Token);
        var reader = await LibraryReader.OpenAsync(live.Connection, Token);
        var albums = await reader.AlbumsAsync(keeper.UserId, session.Keys, Token);
        var files = await reader.FilesAsync(keeper.UserId, [.. albums.Where(album => !album.IsDeleted)], Token).ToListAsync(Token);
        var expected = keeper.Albums.Where(album => album.App == "locker").SelectMany(album => album.Files).ToList();
        Assert.Equal(expected.Select(file => (file.Id, file.HasContent)).Order(), files.Select(file => (file.Id, file.HasContent)).Order());
        Assert.All(expected.Where(file => !file.HasContent), item =>
            Assert.True(System.Text.Json.JsonElement.DeepEquals(
                item.Info!.Value, files.Single(file => file.Id == item.Id).PublicMetadata.Info!.ToJson())));
    }

    [Theory]
    [InstanceData(true)]
    [InstanceData(false)]
    public async Task Bytes_come_by_redirect_without_our_headers_or_straight_from_the_server(string name, bool streams)
    {
        var people = await StartAsync(name);
        museum.Streams = streams;
        var owner = people[Role.Owner];
        await using var session = await SignInByRecoveryKeyAsync(owner, EnteApp.Photos);
        await using (var live = await LiveLibrary.ReadAsync(session, Path.GetTempPath(), Token))
        {
            var reader = await LibraryReader.OpenAsync(live.Connection, Token);
            var albums = await reader.AlbumsAsync(owner.UserId, session.Keys, Token);
            var file = await reader.FilesAsync(owner.UserId, [.. albums.Where(album => !album.IsDeleted)], Token)
                .FirstAsync(file => file.Type == FileType.Video, Token);
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
        Assert.Empty(museum.Store.Leaks);
        Assert.Equal(streams, museum.Store.MostActive == 0);
    }

    [Theory]
    [InstanceData]
    public async Task Being_asked_to_wait_is_waited_for(string name)
    {
        var people = await StartAsync(name);
        museum.RefusalsFirst = 2;
        var owner = people[Role.Owner];
        await using var session = await SignInByRecoveryKeyAsync(owner, EnteApp.Photos);
        Assert.Equal(3, museum.Requests.Count(request => request == "POST /users/ott"));
    }

    [Theory]
    [InstanceData]
    public async Task Amuseum_behind_a_path_is_reached_there(string name)
    {
        var people = await StartAsync(name);
        museum.PathPrefix = "/ente/api";
        using var client = new MuseumClient(new Uri(museum.Endpoint, "/ente/api/"), TimeProvider.System);
        await client.PingAsync(Token);
        var owner = people[Role.Owner];
        Assert.True(RecoveryKey.TryParse(owner.RecoveryWords, out var key, out _));
        using (key)
        using (var signIn = MuseumSignIn.WithRecoveryKey(client, owner.Email, key))
        await using (var session = await signIn.OpenAsync(EnteApp.Photos, Questions(owner, null), Token))
        await using (var live = await LiveLibrary.ReadAsync(session, Path.GetTempPath(), Token))
        {
            var reader = await LibraryReader.OpenAsync(live.Connection, Token);
            var albums = await reader.AlbumsAsync(owner.UserId, session.Keys, Token);
            var file = await reader.FilesAsync(owner.UserId, albums, Token).FirstAsync(Token);
            await using var encrypted = await session.OpenFileAsync(file.Id, Token);
            Assert.NotNull(encrypted);
        }
    }

    [Theory]
    [InstanceData]
    public async Task An_account_with_a_mailed_code_is_asked_for_it(string name)
    {
        var people = await StartAsync(name);
        museum.EmailMfa = true;
        await using var session = await SignInAsync(people[Role.Sharee], EnteApp.Photos);
        Assert.Contains("POST /users/verify-email", museum.Requests);
        Assert.DoesNotContain("POST /users/srp/create-session", museum.Requests);
    }

    [Theory]
    [InstanceData]
    public async Task A_wrong_password_is_told_from_a_wrong_address(string name)
    {
        var people = await StartAsync(name);
        var owner = people[Role.Owner];
        var wrong = await Assert.ThrowsAsync<EnteException>(
            () => SignInAsync(owner with { Password = instance["t1"][Role.Owner].Password }, EnteApp.Photos));
        Assert.Equal($"the password is not that of {owner.Email}", wrong.Message);
        var unknown = await Assert.ThrowsAsync<EnteException>(
            () => SignInAsync(owner with { Email = "nobody@nestegg.example" }, EnteApp.Photos));
        Assert.EndsWith("knows no account nobody@nestegg.example", unknown.Message);
        Assert.Equal(0, museum.OpenSessions);
    }

    [Theory]
    [InstanceData]
    public async Task A_recovery_key_of_somebody_else_is_refused(string name)
    {
        var people = await StartAsync(name);
        var owner = people[Role.Owner];
        var refused = await Assert.ThrowsAsync<EnteException>(
            () => SignInByRecoveryKeyAsync(owner with { RecoveryWords = people[Role.Sharee].RecoveryWords }, EnteApp.Photos));
        Assert.Equal("the recovery key is not this account's", refused.Message);
    }

    [Theory]
    [InstanceData]
    public async Task A_passkey_is_said_to_be_impossible_here(string name)
    {
        var people = await StartAsync(name);
        museum.Passkey = true;
        var refused = await Assert.ThrowsAsync<EnteException>(() => SignInByRecoveryKeyAsync(people[Role.Owner], EnteApp.Photos));
        Assert.Contains("passkey", refused.Message);
    }

    [Theory]
    [InstanceData]
    public async Task A_wrong_code_is_refused(string name)
    {
        var people = await StartAsync(name);
        var sharee = people[Role.Sharee];
        var refused = await Assert.ThrowsAsync<EnteException>(() => SignInByRecoveryKeyAsync(sharee, EnteApp.Photos, "000000"));
        Assert.Contains("authenticator", refused.Message);
    }

    [Theory]
    [InstanceData]
    public async Task Something_that_is_nomuseum_is_told_so(string name)
    {
        await StartAsync(name);
        await client.PingAsync(Token);
        using var store = new MuseumClient(museum.Store.Endpoint, TimeProvider.System);
        var refused = await Assert.ThrowsAsync<MuseumException>(() => store.PingAsync(Token));
        Assert.Contains("does not answer as museum does", refused.Message);
    }

    private async Task<KnownMoment> StartAsync(string name)
    {
        instance = await instances.OpenAsync(name, Token);
        await using var dump = File.OpenRead(instance[Moment].DumpPath);
        database = await ArchiveDatabase.LoadAsync(dump, EnteTables.Library, Path.GetTempPath(), Token);
        var accounts = instance[Moment].People.ToDictionary(
            person => person.Email, person => new MuseumAccount(person.UserId, person.TotpSecret));
        museum = await RecordedMuseum.StartAsync(database.Connection, accounts, instance[Moment].Paths.GetValueOrDefault, Token);
        client = new MuseumClient(museum.Endpoint, TimeProvider.System);
        return instance[Moment];
    }

    private async Task<MuseumSession> SignInAsync(KnownPerson person, EnteApp app)
    {
        using var signIn = MuseumSignIn.WithPassword(client, person.Email.ToUpperInvariant(), Encoding.UTF8.GetBytes(person.Password));
        return await signIn.OpenAsync(app, Questions(person, null), Token);
    }

    private async Task<MuseumSession> SignInByRecoveryKeyAsync(KnownPerson person, EnteApp app, string? totp = null)
    {
        Assert.True(RecoveryKey.TryParse(person.RecoveryWords, out var key, out _));
        using (key)
        using (var signIn = MuseumSignIn.WithRecoveryKey(client, person.Email, key))
        {
            return await signIn.OpenAsync(app, Questions(person, totp), Token);
        }
    }

    private SignInQuestions Questions(KnownPerson person, string? totp) => new(
        _ => Task.FromResult(museum.MailedCode), _ => Task.FromResult(totp ?? Totp.Code(person.TotpSecret!, DateTimeOffset.UtcNow)));

    private static async Task<List<string>> DescribeAsync(LibraryReader reader, KnownPerson person, Ente.Accounts.KeyChain keys)
    {
        var lines = new List<string>();
        var albums = (await reader.AlbumsAsync(person.UserId, keys, Token)).Where(album => album.App == "photos").ToList();
        lines.AddRange(albums.Select(album =>
            $"{album.Id} {album.OwnerId} {album.Name} {album.Type} {album.IsDeleted} {album.IsHidden} {album.Visibility} {album.IsShared} "
            + $"{album.Problems.Count}"));
        await foreach (var file in reader.FilesAsync(person.UserId, [.. albums.Where(album => !album.IsDeleted)], Token))
        {
            lines.Add(Describe(file));
        }

        await foreach (var file in reader.TrashAsync(person.UserId, albums, Token))
        {
            lines.Add(Describe(file));
        }

        await foreach (var code in reader.AuthCodesAsync(person.UserId, keys, Token))
        {
            lines.Add(code.Uri!);
        }

        await foreach (var entity in reader.EntitiesAsync(person.UserId, keys, Token))
        {
            lines.Add($"{entity.Type} {entity.Json}");
        }

        return lines;
    }

    private static string Describe(LibraryFile file) =>
        $"{file.Id} {file.OwnerId} {file.Name} {file.Type} {file.CreationTime} {file.ModificationTime} {file.Location} {file.Caption} "
        + $"{file.Hash} {file.Visibility} {file.TrashedUntil} {string.Join(',', file.Albums.Select(album => album.Id))} "
        + $"{Convert.ToHexString(file.ContentHeader)} {file.Content?.SizeBytes} {file.Problems.Count}";
}

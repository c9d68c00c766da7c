using System.Security.Cryptography;
using System.Text;
using Nestegg.Ente.Accounts;
using Nestegg.Ente.Cryptography;
using Nestegg.Ente.Library;
using Nestegg.Ente.Objects;
using Nestegg.Stores.Local;
using Nestegg.TestKit;
using Nestegg.TestKit.Instances;
using Nestegg.TestKit.Sample;
using Nestegg.TestKit.Servers;
using Npgsql;

namespace Nestegg.IntegrationTests.Samples;

/// <summary>The sample is what it says, to the readers that read the recorded instance.</summary>
public sealed class SampleInstanceTests(SharedServers servers) : IAsyncLifetime
{
    private readonly TemporaryFolder folder = new();
    private EmbeddedStore store = null!;
    private PostgresServer postgres = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        postgres = await servers.PostgresAsync(Token);
        store = await EmbeddedStore.StartAsync(Token);
    }

    public async ValueTask DisposeAsync()
    {
        if (store is not null)
        {
            await store.DisposeAsync();
        }

        folder.Dispose();
    }

    [Fact]
    public async Task Everybody_opens_everything_by_password_and_by_recovery_key()
    {
        await using var sample = await CreateAsync();
        foreach (var person in sample.People)
        {
            await OpensAsync(sample, person, attributes => KeyChain.OpenWithPassword(attributes, Encoding.UTF8.GetBytes(person.Password)));
            if (!person.HasRecoveryKey)
            {
                continue;
            }

            await OpensAsync(sample, person, attributes =>
            {
                Assert.True(RecoveryKey.TryParse(person.RecoveryWords, out var key, out _));
                using (key)
                {
                    return KeyChain.OpenWithRecoveryKey(attributes, key);
                }
            });
        }
    }

    [Fact]
    public async Task After_some_days_the_new_password_opens_and_the_old_one_does_not()
    {
        await using var sample = await CreateAsync();
        var old = sample.Ada.Password;
        var before = sample.Objects.ToDictionary();
        await sample.AdvanceAsync(Token);

        await OpensAsync(
            sample, sample.Ada, attributes => KeyChain.OpenWithPassword(attributes, Encoding.UTF8.GetBytes(sample.Ada.Password)));
        await using var connection = await OpenAsync(sample);
        var attributes = await (await LibraryReader.OpenAsync(connection, Token)).KeyAttributesAsync(sample.Ada.UserId, Token);
        Assert.Equal(OpenOutcome.WrongPassword, KeyChain.OpenWithPassword(attributes!, Encoding.UTF8.GetBytes(old)).Outcome);
        // Three pictures with thumbnails are new, and an edited picture; one object has the same key and other bytes.
        Assert.Equal(8, sample.Objects.Values.Except(before.Values).Count());
        // What was derived from the picture that was deleted for good is gone; the edited picture's older bytes are in the bucket, and
        // nothing names them.
        Assert.Equal(2, before.Keys.Except(sample.Objects.Keys).Count());
        await NamesWhatThereIsAsync(sample);
    }

    [Fact]
    public async Task The_database_names_every_object_with_its_length() => await NamesWhatThereIsAsync(await CreateAsync());

    [Fact]
    public async Task The_same_seed_makes_the_same_instance()
    {
        await using var first = await CreateAsync();
        await using var otherStore = await EmbeddedStore.StartAsync(Token);
        await using var second =
            await SampleInstance.CreateAsync(Options() with { Folder = folder["second"], ObjectStore = otherStore.Endpoint }, Token);
        Assert.Equal(first.Objects.OrderBy(item => item.Key), second.Objects.OrderBy(item => item.Key));
        Assert.Equal(first.People.Select(person => person.RecoveryWords), second.People.Select(person => person.RecoveryWords));
        await using var third = await SampleInstance.CreateAsync(
            Options() with { Folder = folder["third"], ObjectStore = otherStore.Endpoint, BucketPrefix = "third-", Seed = 2 }, Token);
        Assert.Empty(first.Objects.Values.Select(item => item.Sha256).Intersect(third.Objects.Values.Select(item => item.Sha256)));
    }

    [RecordedFact]
    public async Task Its_tables_have_the_columns_types_and_defaults_of_a_real_instance()
    {
        await using var sample = await CreateAsync();
        var real =
            await ColumnsAsync(postgres.ConnectionString(await postgres.RestoreAsync(RecordedInstance.Read()["t1"].DumpPath, Token)));
        var ours = await ColumnsAsync(sample.ConnectionString);
        Assert.Equal(real.OrderBy(table => table.Key), ours.OrderBy(table => table.Key));
    }

    [Theory]
    [InlineData("b2-eu-cen")]
    [InlineData("wasabi-eu-central-2-v3")]
    public async Task Doctor_finds_it_in_order_backup_takes_all_of_it_and_prove_opens_all_of_it(string hotSlot)
    {
        await using var sample = await SampleInstance.CreateAsync(Options() with { HotSlot = hotSlot }, Token);
        Assert.All(sample.Files.Where(file => file.ContentKey is not null && !file.IsDeletedForGood), file => Assert.Equal(
            hotSlot, sample.Objects[file.ContentKey!].Slot));
        await using var backups = LocalStore.Create(folder["repository"]);
        using var keys = await SampleRepository.CreateAsync(backups, Token);
        await File.WriteAllBytesAsync(folder["signing.key"], keys.SigningKey.ToFileText(), Token);
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(folder["signing.key"], UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }

        await File.WriteAllBytesAsync(folder["identity.txt"], [.. keys.Identity.ToText(), (byte)'\n'], Token);
        var configuration = folder["nestegg.yaml"];
        await File.WriteAllTextAsync(configuration, $"""
            instance: {sample.Options.Folder}
            repository: {folder["repository"]}
            signing-key: {folder["signing.key"]}
            recipients: [{keys.Identity.Recipient}]
            map:
              - postgres:5432=127.0.0.1:{postgres.Port}
              - localhost:3200={store.Endpoint.Authority}

            """, Token);
        var doctor = await Cli.ExpectAsync(ExitCode.Done, Token, "doctor", "--json", "--config", configuration);
        Assert.Equal(0, doctor.Summary.GetProperty("errors").GetInt64());
        var backup = await Cli.ExpectAsync(ExitCode.Done, Token, "backup", "--json", "--config", configuration);
        Assert.Equal(sample.Objects.Count, backup.Summary.GetProperty("objects").GetInt64());

        string[] names =
            ["authCodes", "entities", "contacts", "contactPictures", "memoryShares", "legacyKits", "fileLinks", "entrustedAccounts"];
        Assert.Equal([3, 2, 2, 1, 2, 1, 0, 0], await ProveAsync(sample.Ada));
        Assert.Equal([0, 0, 0, 0, 0, 0, 0, 1], await ProveAsync(sample.Ben));
        Assert.Equal([0, 0, 0, 0, 0, 0, 1, 0], await ProveAsync(sample.Chi));
        Assert.Equal([1, 1, 0, 0, 0, 0, 0, 1], await ProveAsync(sample.Dov));

        async Task<IEnumerable<long>> ProveAsync(SamplePerson person)
        {
            await File.WriteAllTextAsync(folder["password.txt"], person.Password, Token);
            var proof = await Cli.ExpectAsync(
                ExitCode.Done, Token, "prove", "--json", "--config", configuration, "--identity", folder["identity.txt"],
                "--user", person.Email, "--password-file", folder["password.txt"]);
            Assert.Equal("proved", proof.Summary.GetProperty("verdict").GetString());
            return names.Select(name => proof.Summary.GetProperty(name).GetInt64());
        }
    }

    private async Task OpensAsync(SampleInstance sample, SamplePerson person, Func<KeyAttributes, OpenResult> open)
    {
        await using var connection = await OpenAsync(sample);
        var reader = await LibraryReader.OpenAsync(connection, Token);
        var attributes = await reader.KeyAttributesAsync(person.UserId, Token);
        var opened = open(attributes!);
        Assert.True(opened.IsOpened, opened.Message);
        using var keys = opened.KeyChain;
        Assert.Empty(keys.Problems);

        var albums = await reader.AlbumsAsync(person.UserId, keys, Token);
        Assert.Equal(
            sample.Albums.Where(album => album.IsSeenBy(person)).Select(album => (album.Id, album.Name, album.App))
                .OrderBy(album => album.Id),
            albums.Where(album => !album.IsDeleted).Select(album => (album.Id, album.Name, album.App)).OrderBy(album => album.Id));
        Assert.All(albums, album => Assert.Empty(album.Problems));
        var seen = sample.Files.Where(file => file.Albums.Any(album => album.IsSeenBy(person) || album.Owner == person)).ToList();
        await SameAsync(sample, seen.Where(file => file is { IsInTrash: false, IsDeletedForGood: false }), await reader.FilesAsync(
            person.UserId, albums, Token).ToListAsync(Token));
        await SameAsync(sample, seen.Where(
            file => file.IsInTrash && file.Owner == person), await reader.TrashAsync(person.UserId, albums, Token).ToListAsync(Token));
        Assert.Equal(
            person.AuthCodes, await reader.AuthCodesAsync(person.UserId, keys, Token).Select(code => code.Uri!).ToListAsync(Token));
        Assert.Equal(person.Entities.Count, await reader.EntitiesAsync(person.UserId, keys, Token)
            .CountAsync(entity => entity.Problem is null, Token));
        await RecoversAsync(sample, person, reader, keys);
        await LinksAsync(sample, person, reader, keys);
        var contacts = await reader.ContactsAsync(person.UserId, keys, Token).ToListAsync(Token);
        Assert.Equal(person == sample.Ada ? ["Ben (cousin)", "Chi 密"] : [], contacts.Select(contact => contact.Name));
        foreach (var contact in contacts.Take(1))
        {
            Assert.Equal(("Ben (cousin)", "1990-02-03", sample.Ben.UserId), (contact.Name, contact.BirthDate, contact.ContactUserId));
            Assert.True(contact.TryOpenPicture(await ReadObjectAsync(sample, contact.PictureObjectKey!), out var picture));
            Assert.Equal([0xff, 0xd8], picture[..2]);
        }
    }

    private static async Task RecoversAsync(SampleInstance sample, SamplePerson person, LibraryReader reader, KeyChain keys)
    {
        var entrusted = await reader.EntrustedAccountsAsync(person.UserId, keys, Token).ToListAsync(Token);
        var kits = await reader.LegacyKitsAsync(person.UserId, keys, Token).ToListAsync(Token);
        Assert.Equal((person == sample.Ben || person == sample.Dov ? 1 : 0, person == sample.Ada ? 1 : 0), (entrusted.Count, kits.Count));
        foreach (var account in entrusted)
        {
            Assert.Equal(
                (sample.Ada.UserId, person == sample.Ben ? "ACCEPTED" : "INVITED", null), (account.UserId, account.State, account.Problem));
            Assert.True(sample.Ada.RecoverySecret.FixedTimeEquals(account.RecoveryKey!));
        }

        foreach (var kit in kits)
        {
            Assert.Null(kit.Problem);
            Assert.Equal(["1 Ben", "2 the notary", "3 the blue folder"], kit.Cards.Select(card => $"{card.Index} {card.Name}"));
        }
    }

    private static async Task LinksAsync(SampleInstance sample, SamplePerson person, LibraryReader reader, KeyChain keys)
    {
        var shares = await reader.MemorySharesAsync(person.UserId, keys, Token).ToListAsync(Token);
        var links = await reader.FileLinksAsync(person.UserId, keys, Token).ToListAsync(Token);
        Assert.Equal((person == sample.Ada ? 2 : 0, person == sample.Chi ? 1 : 0), (shares.Count, links.Count));
        Assert.Equal(person == sample.Ada
            ? ["That day", "Grandmother through the years"]
            : [], shares.Select(share => share.Metadata.GetProperty("name").GetString()));
        Assert.Equal(person == sample.Ada ? sample.Files.Take(5).Select(file => file.Id) : [], shares.SelectMany(share => share.FileIds));
        Assert.All(shares.Select(share => (share.Secret, share.Problem)).Concat(links.Select(link => (link.Secret, link.Problem))), link =>
        {
            Assert.Null(link.Problem);
            Assert.Matches("^[0-9A-Za-z]{12}$", link.Secret);
        });
    }

    private async Task SameAsync(SampleInstance sample, IEnumerable<SampleFile> expected, IReadOnlyList<LibraryFile> files)
    {
        var wanted = expected.OrderBy(file => file.Id).ToList();
        Assert.Equal(wanted.Select(file => file.Id), files.Select(file => file.Id).Order());
        foreach (var (want, file) in wanted.Zip(files.OrderBy(file => file.Id)))
        {
            Assert.Empty(file.Problems);
            Assert.Equal((want.EditedName ?? want.Title, want.Caption, (FileType)want.Type), (file.Name, file.Caption, file.Type));
            Assert.Equal(want.SizeBytes >= 0, file.HasContent);
            if (!file.HasContent)
            {
                continue;
            }

            using var plaintext = new MemoryStream();
            using var encrypted = new MemoryStream(await ReadObjectAsync(sample, file.Content!.Value.Key));
            Assert.Null(await SecretStreamDecryptor.DecryptAsync(encrypted, file.Key!, file.ContentHeader, plaintext.WriteAsync, Token));
            Assert.Equal(want.Sha256, Convert.ToHexStringLower(SHA256.HashData(plaintext.ToArray())));
            if (file.Hash.Whole is not null)
            {
                Assert.Equal(file.Hash.Whole, Convert.ToBase64String(Blake2b.Hash(plaintext.ToArray())));
            }

            Assert.True(SecretStream.TryOpen(
                await ReadObjectAsync(sample, file.Thumbnail!.Value.Key), file.ThumbnailHeader, file.Key!, requireFinal: true, out _));
        }
    }

    private async Task NamesWhatThereIsAsync(SampleInstance sample)
    {
        await using var connection = await OpenAsync(sample);
        var named = await NamedObjects.ReadAsync(connection, Token).ToListAsync(Token);
        Assert.Equal(sample.Objects.Values.Select(item => (item.Key, item.SizeBytes))
            .Order(), named.Select(item => (item.Key, item.SizeBytes!.Value)).Order());
        foreach (var item in sample.Objects.Values)
        {
            Assert.Equal(item.Sha256, Convert.ToHexStringLower(SHA256.HashData(await ReadObjectAsync(sample, item.Key))));
        }

        Assert.Equal(sample.Objects.Values.Select(item => (item.Key, item.Slot))
            .Order(), named.Select(item => (item.Key, item.Slots.ToString())).Order());
        Assert.Equal(7, named.Select(item => item.Kind).Distinct().Count());
    }

    private async Task<byte[]> ReadObjectAsync(SampleInstance sample, string key)
    {
        using var got = await store.Client.GetObjectAsync(sample.Objects[key].Bucket, key, Token);
        using var copy = new MemoryStream();
        await got.ResponseStream.CopyToAsync(copy, Token);
        return copy.ToArray();
    }

    private static async Task<Dictionary<string, string>> ColumnsAsync(string connectionString)
    {
        await using var connection = new NpgsqlConnection(connectionString);
        await connection.OpenAsync(Token);
        await using var command = new NpgsqlCommand("""
            SELECT table_name, string_agg(concat_ws(' ', column_name, udt_name, is_nullable, column_default, is_identity, generation_expression), ', ' ORDER BY column_name)
            FROM information_schema.columns WHERE table_schema = 'public' GROUP BY table_name
            """, connection);
        var tables = new Dictionary<string, string>();
        await using var reader = await command.ExecuteReaderAsync(Token);
        while (await reader.ReadAsync(Token))
        {
            tables.Add(reader.GetString(0), reader.GetString(1));
        }

        return tables;
    }

    private static async Task<NpgsqlConnection> OpenAsync(SampleInstance sample)
    {
        var connection = new NpgsqlConnection(sample.ConnectionString);
        await connection.OpenAsync(Token);
        return connection;
    }

    private Task<SampleInstance> CreateAsync() => SampleInstance.CreateAsync(Options(), Token);

    private SampleOptions Options()
    {
        var name = "sample_" + Guid.NewGuid().ToString("n");
        return new SampleOptions
        {
            Folder = folder["my-ente"],
            ServerConnectionString = postgres.ConnectionString("postgres"), DatabaseName = name, DatabaseUser = name + "_user",
            ObjectStore = store.Endpoint, AccessKey = EmbeddedStore.AccessKey,
            SecretKey = EmbeddedStore.SecretKey, Time = new StillTime(new(2026, 11, 23, 19, 0, 0, TimeSpan.Zero)),
        };
    }
}

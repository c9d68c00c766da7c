using System.Formats.Tar;
using System.Text;
using Nestegg.Ente.Configuration;
using Nestegg.Restore;
using Nestegg.Snapshots;
using Nestegg.TestKit;

namespace Nestegg.Tests.Restore;

[System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
public sealed class TargetFolderTests : IDisposable
{
    private const string Old =
        "db: {host: old-postgres, name: ente_db, password: old}\ns3: {b2-eu-cen: {bucket: b, endpoint: e, key: k, secret: s}}\nkey: "
        + "{encryption: b2xk, hash: b2xk}\n";
    private const string New =
        "db: {host: postgres, name: ente_db, password: new}\ns3: {b2-eu-cen: {bucket: b, endpoint: e, key: k2, secret: s2}}\n";

    private static readonly DateTimeOffset Now = new(2026, 11, 23, 19, 0, 0, TimeSpan.Zero);

    private readonly TemporaryFolder temporary = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private string Into => temporary["my-ente"];

    [Fact]
    public async Task An_absent_folder_gets_the_old_files_with_their_modes()
    {
        using var saved = await SaveAsync(
            ("instance/museum.yaml", Old), ("instance/compose.yaml", "services: {}\n"), ("instance/credentials/tls.key", "secret"));
        var folder = TargetFolder.Inspect(Into, saved, isBesideProduction: false);
        Assert.True(folder.IsNew);
        Assert.False(Directory.Exists(Into));
        await folder.WriteAsync(Now, Token);
        Assert.Equal(Old, File.ReadAllText(Path.Combine(Into, "museum.yaml")));
        Assert.Equal("secret", File.ReadAllText(Path.Combine(Into, "credentials", "tls.key")));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(Into, "credentials", "tls.key")));
    }

    [Fact]
    public async Task What_compose_mounts_from_outside_the_folder_is_written_inside_and_its_place_is_said()
    {
        using var saved = await SaveAsync(
            ("instance/museum.yaml", Old),
            ("instance/compose.yaml", "services: { museum: { image: ente/server, volumes: ['../files/museum.yaml:/museum.yaml:ro'] } }\n"));
        var done = await TargetFolder.Inspect(Into, saved, isBesideProduction: false).WriteAsync(Now, Token);
        Assert.Equal(Old, File.ReadAllText(Path.Combine(Into, "museum.yaml")));
        Assert.Equal(
            $"move to its place before the first start: museum.yaml, which compose.yaml takes from {temporary["files/museum.yaml"]}", done[^1]);
    }

    [Fact]
    public async Task The_saved_configuration_is_wiped_with_the_folder_and_when_there_is_none()
    {
        var saved = await SaveAsync(("instance/museum.yaml", Old));
        TargetFolder.Inspect(Into, saved, isBesideProduction: false).Dispose();
        Assert.Equal(new byte[Old.Length], saved.Files[0].Content);

        saved = await SaveAsync(("instance/museum.yaml", Old));
        Make("holiday.jpg", "x");
        Assert.Throws<NesteggException>(() => TargetFolder.Inspect(Into, saved, isBesideProduction: false));
        Assert.Equal(new byte[Old.Length], saved.Files[0].Content);
    }

    [Fact]
    public async Task An_instance_that_was_configured_through_its_environment_gets_a_museum_yaml()
    {
        using var saved = await SaveAsync(("instance/compose.yaml", "services: {}\n"));
        await TargetFolder.Inspect(Into, saved, isBesideProduction: false).WriteAsync(Now, Token);
        Assert.Equal("b2xk", InstanceFolder.Read(Into).Configuration.Text("key.encryption"));
    }

    [Fact]
    public async Task What_came_from_the_environment_of_the_old_machine_is_taken_into_museum_yaml()
    {
        using var saved = await SaveAsync(("instance/museum.yaml", "# mine\ndb: {host: old-postgres, name: ente_db, password: old}\n"));
        var done = await TargetFolder.Inspect(Into, saved, isBesideProduction: false).WriteAsync(Now, Token);
        Assert.Contains(done, sentence => sentence.Contains("key.encryption", StringComparison.Ordinal));
        Assert.StartsWith("# mine\n", File.ReadAllText(Path.Combine(Into, "museum.yaml")));
        Assert.Equal("b2xk", InstanceFolder.Read(Into).Configuration.Text("key.encryption"));
    }

    [Fact]
    public async Task A_second_run_into_the_folder_that_the_first_has_written_changes_nothing()
    {
        using var saved = await SaveAsync(("instance/museum.yaml", Old));
        await TargetFolder.Inspect(Into, saved, isBesideProduction: false).WriteAsync(Now, Token);
        var again = TargetFolder.Inspect(Into, saved, isBesideProduction: false);
        Assert.False(again.IsNew);
        Assert.False(again.ChangesMuseumYaml);
        Assert.Empty(await again.WriteAsync(Now, Token));
        Assert.Equal(["museum.yaml"], Directory.GetFileSystemEntries(Into).Select(Path.GetFileName));
    }

    [Fact]
    public async Task The_file_that_was_there_is_kept_aside_and_its_mode_stays()
    {
        Make("museum.yaml", New);
        File.SetUnixFileMode(Path.Combine(Into, "museum.yaml"), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead);
        using var saved = await SaveAsync(
            ("instance/museum.yaml", Old), ("instance/credentials/pst-service-account.json", "{}"),
            ("instance/data/billing/us.json", "old"));
        Make("data/billing/us.json", "new");
        await TargetFolder.Inspect(Into, saved, isBesideProduction: false).WriteAsync(Now, Token);
        Assert.Equal(New, File.ReadAllText(Path.Combine(Into, "museum.yaml.before-restore-20261123T190000Z")));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead, File.GetUnixFileMode(
            Path.Combine(Into, "museum.yaml")));
        Assert.Equal("{}", File.ReadAllText(Path.Combine(Into, "credentials", "pst-service-account.json")));
        Assert.Equal("new", File.ReadAllText(Path.Combine(Into, "data", "billing", "us.json")));
    }

    [Fact]
    public async Task Beside_production_an_empty_folder_is_refused()
    {
        using var saved = await SaveAsync(("instance/museum.yaml", Old));
        var error = Assert.Throws<NesteggException>(() => TargetFolder.Inspect(Into, saved, isBesideProduction: true));
        Assert.Equal(FailureKind.BadInput, error.Kind);
    }

    [Theory]
    [InlineData("db: {host: old-postgres, name: ente_db, password: old}\n", "the database")]
    [InlineData("db: {host: new}\ns3: {b2-eu-cen: {bucket: b, endpoint: e, key: k, secret: s}}\n", "b2-eu-cen")]
    public async Task Beside_production_its_own_database_and_buckets_are_refused(string museumYaml, string named)
    {
        Make("museum.yaml", museumYaml);
        using var saved = await SaveAsync(("instance/museum.yaml", Old));
        var error = Assert.Throws<NesteggException>(() => TargetFolder.Inspect(Into, saved, isBesideProduction: true));
        Assert.Contains(named, error.Message);
    }

    [Fact]
    public async Task Beside_production_the_account_that_pushes_stays_behind()
    {
        Make("museum.yaml", New);
        using var saved = await SaveAsync(("instance/museum.yaml", Old), ("instance/credentials/fcm-service-account.json", "{}"));
        var folder = TargetFolder.Inspect(Into, saved, isBesideProduction: true);
        Assert.Empty(folder.NewFiles);
        await folder.WriteAsync(Now, Token);
        Assert.True(InstanceFolder.Read(Into).Configuration.Flag("jobs.cron.skip"));
    }

    [Fact]
    public async Task A_folder_of_something_else_is_refused()
    {
        Make("holiday.jpg", "x");
        using var saved = await SaveAsync(("instance/museum.yaml", Old));
        Assert.Contains("no folder of an Ente instance", Assert.Throws<NesteggException>(
            () => TargetFolder.Inspect(Into, saved, isBesideProduction: false)).Message);
    }

    [Fact]
    public async Task A_museum_yaml_that_docker_made_a_directory_is_named()
    {
        Make("compose.yaml", "services: {}\n");
        Directory.CreateDirectory(Path.Combine(Into, "museum.yaml"));
        using var saved = await SaveAsync(("instance/museum.yaml", Old));
        Assert.Contains(
            "directory", Assert.Throws<NesteggException>(() => TargetFolder.Inspect(Into, saved, isBesideProduction: false)).Message);
    }

    [Theory]
    [InlineData("instance/../../etc/passwd")]
    [InlineData("instance//etc/passwd")]
    [InlineData("instance/a\nb")]
    [InlineData("instance/")]
    public async Task A_name_that_leads_out_of_the_folder_is_damage(string name)
    {
        var error = await Assert.ThrowsAsync<NesteggException>(() => SaveAsync((name, "x")));
        Assert.Equal(FailureKind.Damaged, error.Kind);
    }

    [Theory]
    [InlineData(TarEntryType.SymbolicLink)]
    [InlineData(TarEntryType.HardLink)]
    [InlineData(TarEntryType.CharacterDevice)]
    [InlineData(TarEntryType.BlockDevice)]
    [InlineData(TarEntryType.Fifo)]
    [InlineData(TarEntryType.Directory)]
    public async Task An_archive_holds_files_and_nothing_else(TarEntryType type)
    {
        var entry = new PaxTarEntry(type, "instance/data");
        if (type is TarEntryType.SymbolicLink or TarEntryType.HardLink)
        {
            entry.LinkName = "/etc/passwd";
        }

        var error = await Assert.ThrowsAsync<NesteggException>(() => ReadAsync(entry, Entry("effective.yaml", Old)));
        Assert.Equal(FailureKind.Damaged, error.Kind);
        Assert.Contains("instance/data", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("instance/museum.yaml")]
    [InlineData("instance/compose.yaml")]
    public async Task A_file_that_is_there_twice_is_damage(string name)
    {
        var error = await Assert.ThrowsAsync<NesteggException>(() => SaveAsync((name, "first"), (name, "second")));
        Assert.Contains($"holds `{name}` twice", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_follows_the_end_of_an_archive_is_damage_and_zeros_are_not()
    {
        var tar = await TarAsync(Entry("effective.yaml", Old));
        (await ConfigurationArchive.ReadAsync(new MemoryStream([.. tar, .. new byte[100_000]]), Token)).Dispose();
        var error = await Assert.ThrowsAsync<NesteggException>(
            () => ConfigurationArchive.ReadAsync(new MemoryStream([.. tar, .. new byte[100_000], 1]), Token));
        Assert.Equal(FailureKind.Damaged, error.Kind);
        Assert.Contains("after its end", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task No_bits_of_an_archive_reach_a_file()
    {
        var entry = Entry("instance/museum.yaml", Old);
        entry.Mode = (UnixFileMode)0b111_111_111_111;
        using var saved = await ReadAsync(entry, Entry("effective.yaml", Old));
        await TargetFolder.Inspect(Into, saved, isBesideProduction: false).WriteAsync(Now, Token);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(Into, "museum.yaml")));
    }

    [Theory]
    [InlineData("credentials")]
    [InlineData("credentials/tls.key.nestegg-part")]
    public async Task A_link_in_the_folder_is_not_written_through(string link)
    {
        Directory.CreateDirectory(temporary["outside"]);
        File.WriteAllText(temporary["outside/tls.key"], "somebody's");
        Make("museum.yaml", New);
        Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(Into, link))!);
        File.CreateSymbolicLink(Path.Combine(Into, link), temporary[link == "credentials" ? "outside" : "outside/tls.key"]);
        using var saved = await SaveAsync(("instance/credentials/tls.key", "ours"), ("instance/credentials/other.key", "ours"));
        var folder = TargetFolder.Inspect(Into, saved, isBesideProduction: false);
        if (link == "credentials")
        {
            Assert.Contains("is a link", (await Assert.ThrowsAnyAsync<IOException>(() => folder.WriteAsync(Now, Token))).Message);
        }
        else
        {
            await folder.WriteAsync(Now, Token);
            Assert.Equal("ours", File.ReadAllText(Path.Combine(Into, "credentials/tls.key")));
        }

        Assert.Equal([temporary["outside/tls.key"]], Directory.GetFileSystemEntries(temporary["outside"]));
        Assert.Equal("somebody's", File.ReadAllText(temporary["outside/tls.key"]));
    }

    [Fact]
    public async Task A_museum_yaml_that_is_a_link_is_named_before_anything_is_written()
    {
        Make("compose.yaml", "services: {}\n");
        File.WriteAllText(temporary["elsewhere.yaml"], New);
        File.CreateSymbolicLink(Path.Combine(Into, "museum.yaml"), temporary["elsewhere.yaml"]);
        using var saved = await SaveAsync(("instance/museum.yaml", Old));
        var error = Assert.Throws<NesteggException>(() => TargetFolder.Inspect(Into, saved, isBesideProduction: false));
        Assert.Contains("museum.yaml is a link", error.Message, StringComparison.Ordinal);
        Assert.Equal(New, File.ReadAllText(temporary["elsewhere.yaml"]));
    }

    public void Dispose() => temporary.Dispose();

    private void Make(string path, string text)
    {
        var full = Path.Combine(Into, path);
        Directory.CreateDirectory(Path.GetDirectoryName(full)!);
        File.WriteAllText(full, text);
    }

    private static Task<SavedConfiguration> SaveAsync(params (string Name, string Text)[] files) =>
        ReadAsync([.. files.Append(("effective.yaml", Old)).Select(file => Entry(file.Item1, file.Item2))]);

    private static PaxTarEntry Entry(string name, string text) => new(TarEntryType.RegularFile, name)
    {
        DataStream = new MemoryStream(Encoding.UTF8.GetBytes(text)),
        Mode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
    };

    private static async Task<SavedConfiguration> ReadAsync(params PaxTarEntry[] entries) =>
        await ConfigurationArchive.ReadAsync(new MemoryStream(await TarAsync(entries)), Token);

    private static async Task<byte[]> TarAsync(params PaxTarEntry[] entries)
    {
        var stream = new MemoryStream();
        await using (var tar = new TarWriter(stream, TarEntryFormat.Pax, leaveOpen: true))
        {
            foreach (var entry in entries)
            {
                await tar.WriteEntryAsync(entry, Token);
            }
        }

        return stream.ToArray();
    }
}

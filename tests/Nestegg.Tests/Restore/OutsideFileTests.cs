using System.Diagnostics;
using System.Formats.Tar;
using System.Text;
using Nestegg.Ente.Configuration;
using Nestegg.Restore;
using Nestegg.Snapshots;
using Nestegg.TestKit;

namespace Nestegg.Tests.Restore;

/// <summary>Configurations whose files lie outside of the instance's folder, from a backup to a first start.</summary>
[System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
public sealed class OutsideFileTests : IDisposable
{
    private const string Museum =
        "db: {host: postgres, name: ente_db, user: pguser}\nkey: {encryption: b2xk, hash: b2xk}\njwt: {secret: b2xk}\n";
    private const string Password = "ENTE_DB_PASSWORD=right\n";

    private static readonly DateTimeOffset Now = new(2026, 11, 23, 19, 0, 0, TimeSpan.Zero);

    private readonly TemporaryFolder disk = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private string Into => disk["new/code"];

    public void Dispose() => disk.Dispose();

    [Theory]
    [InlineData("..", "new")]
    [InlineData("{disk}/old", "old")]
    public async Task Files_from_outside_are_where_compose_looks_once_the_commands_are_typed(string written, string comesTo)
    {
        var root = written.Replace("{disk}", disk.Path, StringComparison.Ordinal);
        Write("old/files/museum.yaml", Museum);
        Write("old/files/data/billing/us.json", "[]");
        Write("old/secrets/.env", Password);
        Write("old/code/.env", "TAG=15\n");
        Write(
            "old/code/docker-compose.yml",
            $"include: [{root}/common/docker-compose.yml]\n"
            + "services: { museum: { image: ente/server, "
            + $"env_file: {root}/secrets/.env, volumes: ['{root}/files/museum.yaml:/museum.yaml:ro', '{root}/files/data:/data:ro'] "
            + "} }\n");
        Write("old/common/docker-compose.yml", "services: { postgres: { image: 'postgres:${TAG}' } }\n");
        var old = await SaveAsync("old/code");
        Directory.Move(disk["old"], disk["gone"]);

        var folder = TargetFolder.Inspect(Into, old, isBesideProduction: false);
        Assert.Equal(
            ["common/docker-compose.yml", "files/data", "files/museum.yaml", "secrets/.env"],
            folder.Planned.Moves.Select(move => Path.GetRelativePath(disk[comesTo], move.To)));
        Assert.All(folder.Planned.Moves, move => Assert.False(move.IsTaken));
        var done = await folder.WriteAsync(Now, Token);

        Assert.False(Directory.Exists(disk["old"]));
        Assert.DoesNotContain(done, sentence => sentence.Contains("environment", StringComparison.Ordinal));
        Type(folder.Planned.Moves);
        var restored = InstanceFolder.Read(Into);
        Assert.Equal(disk[$"{comesTo}/files/museum.yaml"], restored.MuseumYaml);
        Assert.Equal("right", restored.Configuration.Text("db.password"));
        Assert.Equal("[]", File.ReadAllText(disk[$"{comesTo}/files/data/billing/us.json"]));
        Assert.Equal("TAG=15\n", File.ReadAllText(Path.Join(Into, ".env")));
        Assert.Equal([".env", "docker-compose.yml"], Directory.GetFiles(Into).Select(Path.GetFileName).Order(StringComparer.Ordinal));

        // Nothing is left to do, nor does the next backup differ.
        var again = TargetFolder.Inspect(Into, await SaveAsync("new/code"), isBesideProduction: false);
        Assert.Empty(again.Planned.Changes);
        Assert.Empty(again.Planned.Moves);
        Assert.Empty(again.NewFiles);
        Assert.Equal(old.Places, (await SaveAsync("new/code")).Places);
    }

    [Fact]
    public async Task A_second_run_before_anybody_has_moved_a_file_reads_it_where_it_is_kept_and_says_it_again()
    {
        Write("old/files/museum.yaml", Museum);
        Write("old/files/credentials.yaml", "db: {password: right}\n");
        Write(
            "old/code/compose.yaml",
            "services: { museum: { image: ente/server, volumes: "
            + "['../files/museum.yaml:/museum.yaml', '../files/credentials.yaml:/credentials.yaml'] } }\n");
        var old = await SaveAsync("old/code");
        var first = TargetFolder.Inspect(Into, old, isBesideProduction: false);
        await first.WriteAsync(Now, Token);

        var second = TargetFolder.Inspect(Into, old, isBesideProduction: false);

        Assert.Equal("right", second.Configuration.Text("db.password"));
        Assert.Equal("postgres", second.Configuration.Text("db.host"));
        Assert.Equal(["credentials.yaml", "museum.yaml"], first.Planned.Moves.Select(move => move.From));
        Assert.Equal(first.Planned.Moves, second.Planned.Moves);
        Assert.Empty(second.Planned.Changes);
    }

    [Fact]
    public async Task Another_file_in_the_place_is_said_and_not_replaced_unasked_and_the_same_one_is_no_work()
    {
        Write("etc/museum.yaml", Museum);
        Write("etc/own.env", Password);
        Write("old/compose.yaml", $"services: {{ museum: {{ image: ente/server, env_file: {disk["etc/own.env"]}, "
            + $"volumes: ['{disk["etc/museum.yaml"]}:/museum.yaml'] }} }}\n");
        var old = await SaveAsync("old");
        Write("etc/museum.yaml", "db: {host: somebody-else}\n");

        var folder = TargetFolder.Inspect(Into, old, isBesideProduction: false);
        await folder.WriteAsync(Now, Token);

        var move = Assert.Single(folder.Planned.Moves);
        Assert.True(move.IsTaken);
        Assert.Equal(("museum.yaml", disk["etc/museum.yaml"]), (move.From, move.To));
        Assert.Equal($"mv -i museum.yaml {disk["etc/museum.yaml"]}", move.Command);
        Assert.Equal("db: {host: somebody-else}\n", File.ReadAllText(disk["etc/museum.yaml"]));
    }

    [Fact]
    public async Task No_two_files_of_one_name_take_each_others_place()
    {
        Write("old/code/museum.yaml", "# another service's\n");
        Write("old/code/data/own.env", "A=1\n");
        Write("old/files/museum.yaml", Museum);
        Write("old/files/data/own.env", "A=2\n");
        Write("old/a/own.env", "A=3\n");
        Write("old/up/own.env", "A=4\n");
        Write("own.env", "A=5\n");
        Write(
            "old/code/compose.yaml",
            "services: { museum: { image: ente/server, env_file: [museum.yaml, data/own.env, ../a/own.env, ../up/own.env, ../../own.env], "
            + "volumes: ['../files/museum.yaml:/museum.yaml', '../files/data:/data'] } }\n");

        var saved = await SaveAsync("old/code");

        Assert.Equal(
            [
                ("compose.yaml", null), ("data/own.env", null), ("elsewhere-2/up/up/own.env", "../../own.env"),
                ("elsewhere/up/a/own.env", "../a/own.env"), ("elsewhere/up/files/data/own.env", "../files/data"),
                ("elsewhere/up/files/museum.yaml", "../files/museum.yaml"), ("elsewhere/up/up/own.env", "../up/own.env"),
                ("museum.yaml", (string?)null),
            ],
            saved.Files.Select(file => (file.RelativePath, saved.Places.FirstOrDefault(
                place => file.RelativePath == place.RelativePath
                    || file.RelativePath.StartsWith(place.RelativePath + "/", StringComparison.Ordinal))?.Place))
                .Order());
        var folder = TargetFolder.Inspect(Into, saved, isBesideProduction: false);
        await folder.WriteAsync(Now, Token);
        Type(folder.Planned.Moves);
        foreach (var name in (string[])["code/museum.yaml", "code/data/own.env", "files/museum.yaml", "files/data/own.env", "up/own.env"])
        {
            Assert.Equal(File.ReadAllText(disk[$"old/{name}"]), File.ReadAllText(disk[$"new/{name}"]));
        }

        Assert.Equal("A=5\n", File.ReadAllText(disk["own.env"]));
    }

    [Fact]
    public async Task A_new_instance_gets_certificates_where_its_own_compose_file_mounts_them_from()
    {
        Write("old/museum.yaml", Museum);
        Write("old/credentials/tls.key", "secret");
        Write("old/data/billing/us.json", "[]");
        var old = await SaveAsync("old");
        Write("new/code/museum.yaml", "db: {host: postgres, name: ente_db, password: new}\n");
        Write(
            "new/code/compose.yaml",
            "services: { museum: { image: ente/server, volumes: ['./museum.yaml:/museum.yaml', './keys:/credentials', '../data:/data'] } }\n");

        var folder = TargetFolder.Inspect(Into, old, isBesideProduction: false);
        await folder.WriteAsync(Now, Token);

        Assert.Equal("secret", File.ReadAllText(Path.Join(Into, "keys/tls.key")));
        Assert.Equal("[]", File.ReadAllText(Path.Join(Into, "data/billing/us.json")));
        var move = Assert.Single(folder.Planned.Moves);
        Assert.Equal(("data", disk["new/data"]), (move.From, move.To));
    }

    [Theory]
    [InlineData("museum.yaml\t/etc/x;\u001b[2J")]
    [InlineData("museum.yaml\t/etc/../root/x")]
    [InlineData("museum.yaml\ta/../../x")]
    [InlineData("museum.yaml\t")]
    [InlineData("museum.yaml")]
    [InlineData("other.yaml\t/etc/other.yaml")]
    [InlineData("../museum.yaml\t/etc/museum.yaml")]
    public async Task A_list_of_places_that_no_backup_writes_is_damage(string line)
    {
        var error = await Assert.ThrowsAsync<NesteggException>(
            () => ReadAsync(("instance/museum.yaml", Museum), ("effective.yaml", Museum), ("places.tsv", line + "\n")));
        Assert.Equal(FailureKind.Damaged, error.Kind);
        Assert.Contains("places.tsv", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_a_shell_would_take_for_something_else_is_quoted()
    {
        using var saved = await ReadAsync(
            ("instance/elsewhere/up/it's/$(x) y.env", "A=1\n"), ("effective.yaml", Museum),
            ("places.tsv", "elsewhere/up/it's/$(x) y.env\t../it's/$(x) y.env\n"));
        var folder = TargetFolder.Inspect(Into, saved, isBesideProduction: false);
        await folder.WriteAsync(Now, Token);
        Type(folder.Planned.Moves);
        Assert.Equal("A=1\n", File.ReadAllText(disk["new/it's/$(x) y.env"]));
    }

    private void Type(IEnumerable<PlannedMove> moves)
    {
        foreach (var command in moves.Select(move => move.Command))
        {
            using var shell = Process.Start(
                new ProcessStartInfo("/bin/sh", ["-c", command]) { WorkingDirectory = Into, RedirectStandardInput = true })!;
            shell.StandardInput.Close();
            shell.WaitForExit();
            Assert.True(shell.ExitCode == 0, command);
        }
    }

    private async Task<SavedConfiguration> SaveAsync(string folder)
    {
        var instance = InstanceFolder.Read(disk[folder]);
        var tar = new MemoryStream();
        var (files, skipped) = instance.ListFiles(Token);
        Assert.Empty(skipped);
        await ConfigurationArchive.WriteAsync(instance.Configuration, files, tar, TimeProvider.System, Token);
        tar.Position = 0;
        return await ConfigurationArchive.ReadAsync(tar, Token);
    }

    private static async Task<SavedConfiguration> ReadAsync(params (string Name, string Text)[] entries)
    {
        var stream = new MemoryStream();
        await using (var tar = new TarWriter(stream, TarEntryFormat.Pax, leaveOpen: true))
        {
            foreach (var (name, text) in entries)
            {
                var entry = new PaxTarEntry(TarEntryType.RegularFile, name) { DataStream = new MemoryStream(Encoding.UTF8.GetBytes(text)) };
                await tar.WriteEntryAsync(entry, Token);
            }
        }

        stream.Position = 0;
        return await ConfigurationArchive.ReadAsync(stream, Token);
    }

    private void Write(string name, string text)
    {
        var path = disk[name];
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
    }
}

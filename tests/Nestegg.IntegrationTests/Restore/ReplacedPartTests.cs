using System.Formats.Tar;
using Nestegg.Repositories.Files;
using Nestegg.Repositories.Manifests;
using Nestegg.Stores.Local;
using Nestegg.TestKit;
using Nestegg.TestKit.Instances;

namespace Nestegg.IntegrationTests.Restore;

/// <summary>
/// Somebody who can write to the repository puts another secret part there, rightly encrypted: all that it takes is the public recipient.
/// </summary>
public sealed class ReplacedPartTests(SharedServers servers, KnownInstances instances) : IDisposable
{
    private readonly TemporaryFolder folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => folder.Dispose();

    [Theory]
    [InstanceData]
    public async Task A_dump_that_runs_a_program_in_the_server_never_reaches_it(string name)
    {
        using var snapshot = await KnownSnapshot.CreateAsync((await instances.OpenAsync(name, Token))["t1"], Token);
        using var target = await NewInstance.CreateAsync(servers, snapshot.Moment, Token);
        var mark = $"/tmp/nestegg-mark-{Guid.NewGuid():n}";
        var dump = await HostileDumpAsync(target, mark);

        // That it would run is the point of it.
        await target.Postgres.RestoreAsync(dump, Token);
        Assert.True(await IsThereAsync(target, mark));
        await target.AskAsync<string>($"COPY (SELECT 1) TO PROGRAM 'rm {mark}'; SELECT 'removed'", Token);

        await ReplaceAsync(snapshot, RepositoryKeys.Database, await File.ReadAllBytesAsync(dump, Token));
        var failure = await Assert.ThrowsAsync<NesteggException>(() => target.RestoreAsync(snapshot, Token));
        Assert.Equal(FailureKind.Damaged, failure.Kind);
        Assert.Contains(RepositoryKeys.Database, failure.Message, StringComparison.Ordinal);
        Assert.False(await IsThereAsync(target, mark));
        Assert.Equal(0L, await target.AskAsync<long>("SELECT count(*) FROM pg_namespace WHERE nspname = 'nestegg_restore'", Token));
        Assert.Equal(0L, await target.AskAsync<long>("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'", Token));
    }

    [Theory]
    [InstanceData]
    public async Task A_configuration_with_bytes_after_its_end_is_not_restored(string name)
    {
        using var snapshot = await KnownSnapshot.CreateAsync((await instances.OpenAsync(name, Token))["t1"], Token);
        using var target = await NewInstance.CreateAsync(servers, snapshot.Moment, Token);
        var tar = new MemoryStream();
        await using (var writer = new TarWriter(tar, leaveOpen: true))
        {
            foreach (var file in (string[])["effective.yaml", "instance/compose.yaml"])
            {
                await writer.WriteEntryAsync(
                    new PaxTarEntry(TarEntryType.RegularFile, file) { DataStream = new MemoryStream("a: b\n"u8.ToArray()) }, Token);
            }
        }

        await ReplaceAsync(snapshot, RepositoryKeys.Configuration, [.. tar.ToArray(), .. new byte[200_000], 1]);
        var failure = await Assert.ThrowsAsync<NesteggException>(
            () => target.RestoreAsync(snapshot, Token, target.Options with { Into = folder["new"] }));
        Assert.Equal(FailureKind.Damaged, failure.Kind);
        Assert.False(Directory.Exists(folder["new"]));
    }

    [Theory]
    [InstanceData]
    public async Task A_plan_says_that_the_role_is_a_superuser_only_when_it_is(string name)
    {
        using var snapshot = await KnownSnapshot.CreateAsync((await instances.OpenAsync(name, Token))["t1"], Token);
        using var target = await NewInstance.CreateAsync(servers, snapshot.Moment, Token);
        var finding = Assert.Single((await target.PlanAsync(snapshot, Token)).Findings, finding => finding.Code == "role-superuser");
        Assert.Equal(Severity.Note, finding.Severity);

        var role = "role_" + Guid.NewGuid().ToString("n");
        await target.Postgres.ExecuteAsync(target.Database, $"CREATE ROLE {role} LOGIN PASSWORD 'not-a-secret'", Token);
        var museumYaml = Path.Combine(target.Folder, "museum.yaml");
        await File.WriteAllTextAsync(
            museumYaml, (await File.ReadAllTextAsync(museumYaml, Token)).Replace("user: postgres", $"user: {role}"), Token);
        Assert.DoesNotContain((await target.PlanAsync(snapshot, Token)).Findings, finding => finding.Code == "role-superuser");
    }

    /// <summary>A dump of a table whose rows cannot be loaded without a check that starts a program.</summary>
    private async Task<string> HostileDumpAsync(NewInstance target, string mark)
    {
        var database = await target.Postgres.CreateDatabaseAsync(Token);
        await target.Postgres.ExecuteAsync(
            database,
            $"""
            CREATE TABLE users (user_id bigint);
            INSERT INTO users VALUES (1);
            CREATE FUNCTION run() RETURNS boolean LANGUAGE plpgsql AS
                $$ BEGIN COPY (SELECT 1) TO PROGRAM 'cat > {mark}'; RETURN true; END $$;
            ALTER TABLE users ADD CHECK (run()) NOT VALID;
            ALTER TABLE users VALIDATE CONSTRAINT users_check;
            COPY (SELECT 1) TO PROGRAM 'rm -f {mark}'
            """,
            Token);
        var dump = folder["hostile.dump"];
        await ExternalProgram.RunAsync(
            Path.Combine(target.Postgres.BinFolder, "pg_dump"),
            ["--format=custom", "--compress=0", "--file", dump, "--dbname", target.Postgres.ConnectionUri(database)], Token);
        return dump;
    }

    private static async Task<bool> IsThereAsync(NewInstance target, string path) =>
        await target.AskAsync<bool>($"SELECT (pg_stat_file('{path}', true)).size IS NOT NULL", Token);

    private static async Task ReplaceAsync(KnownSnapshot snapshot, string part, byte[] content)
    {
        await using var store = new LocalStore(snapshot.RepositoryPath);
        await using var writer = await PartWriter.CreateAsync(
            store, RepositoryKeys.SnapshotFile(snapshot.Manifest.Id, part), content.Length, snapshot.Repository.Recipients, Token);
        await writer.Content.WriteAsync(content, Token);
        await writer.CommitAsync(Token);
    }
}

using Nestegg.Settings;
using Nestegg.TestKit;

namespace Nestegg.Tests.Instance;

public sealed class NesteggConfigurationTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void A_repository_of_another_scheme_is_refused()
    {
        var failure = Assert.Throws<NesteggException>(
            () => NesteggConfigurationReader.RepositoryAt("ftp://nas/backups", "/tmp", new Dictionary<string, string>()));
        Assert.Equal(FailureKind.BadInput, failure.Kind);
        Assert.Contains("neither a folder nor s3://bucket/prefix: 'ftp://nas/backups'", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_key_is_read()
    {
        File.WriteAllText(folder["db"], "hush\n");
        File.WriteAllText(folder["s3"], "deep\n");
        var read = Load("""
            instance:
              folder: ente
              name: family
              museum-yaml: conf/museum.yaml
              credentials-yaml: conf/credentials.yaml
              compose-files: [a.yaml, b.yaml]
              env-files: [~/museum.env]
            access:
              db.user: nestegg
              db.password-file: db
            map: ["postgres:5432=127.0.0.1:5432"]
            postgresql:
              pg-dump: [docker, compose, exec, -T, postgres, pg_dump]
              pg-restore: /opt/pg/bin/pg_restore --verbose
              connect: socket
            repository:
              location: s3://bucket/prefix/
              endpoint: https://s3.example.org
              region: eu
              path-style: false
              access-key-id: AK
              secret-access-key-file: s3
              object-lock: compliance
              object-lock-days: 30
            recipients: [age1x]
            signing-key: keys/nestegg.key
            parallel: 3
            """);

        Assert.Equal((folder["ente"], "family"), (read.Instance!.Folder, read.InstanceName));
        Assert.Equal(("conf/museum.yaml", "conf/credentials.yaml"), (read.Instance.MuseumYaml, read.Instance.CredentialsYaml));
        Assert.Equal(["a.yaml", "b.yaml", "/home/a/museum.env"], [.. read.Instance.ComposeFiles, .. read.Instance.EnvironmentFiles]);
        Assert.Equal(("nestegg", "hush"), (read.Instance.Overrides["db.user"], read.Instance.Overrides["db.password"]));
        Assert.Equal(["postgres:5432=127.0.0.1:5432"], read.Map.Entries);
        Assert.Equal(["docker", "compose", "exec", "-T", "postgres", "pg_dump"], read.Postgres.PgDump);
        Assert.Equal(["/opt/pg/bin/pg_restore", "--verbose"], read.Postgres.PgRestore);
        Assert.Equal(PostgresConnect.Socket, read.Postgres.Connect);
        Assert.Equal(
            ("s3://bucket/prefix", "https://s3.example.org", "eu", (bool?)false),
            (read.Repository!.Location, read.Repository.Endpoint, read.Repository.Region, read.Repository.UsesPathStyle));
        Assert.Equal(
            ("AK", "deep", "compliance", 30),
            (read.Repository.AccessKey, read.Repository.SecretKey, read.Repository.ObjectLockMode, read.Repository.ObjectLockDays));
        Assert.Equal((folder["keys/nestegg.key"], 3), (read.SigningKeyPath, read.Parallel));
        Assert.Equal(["age1x"], read.Recipients);
    }

    [Fact]
    public void A_folder_and_a_location_are_enough()
    {
        var read = Load("instance: ~/my-ente\nrepository: backups");

        Assert.Equal(("/home/a/my-ente", "my-ente"), (read.Instance!.Folder, read.InstanceName));
        Assert.Equal((folder["backups"], false), (read.Repository!.Location, read.Repository.IsS3));
        Assert.Equal(8, read.Parallel);
    }

    [Theory]
    [InlineData("instances: x", "nestegg.yaml line 1: instances: no such key", "did you mean instance?")]
    [InlineData(
        "instance:\n  map: x", "nestegg.yaml line 2: instance.map: no such key",
        "nestegg help configuration describes every key, and where it belongs")]
    [InlineData(
        "repository:\n  location: x\n  end-point: y", "nestegg.yaml line 3: repository.end-point: no such key",
        "did you mean repository.endpoint?")]
    [InlineData("instance: x\naccess:\n  db.usr: y", "nestegg.yaml line 3: access.db.usr: no such key", "did you mean access.db.user?")]
    [InlineData("instance: { name: x }", "nestegg.yaml: instance.folder: is missing", "")]
    [InlineData("parallel: many", "nestegg.yaml line 1: parallel: `many` is no number from 1 to 256", "")]
    [InlineData("postgresql: { connect: wire }", "postgresql.connect: `wire` is none of auto, network, socket", "")]
    [InlineData("postgresql: x", "postgresql: `x` stands where keys are expected", "")]
    [InlineData("map: [a]", "map: The map entry `a` is not of the form", "127.0.0.1")]
    [InlineData("map: { a: b }", "nestegg.yaml line 1: map: a text is expected", "")]
    [InlineData("repository: { location: x, object-lock: governance }", "object-lock: an object lock needs both", "")]
    [InlineData("repository: { location: x, secret-access-key-file: nope }", "/nope does not exist", "")]
    [InlineData("repository: { location: x, secret-access-key-file: / }", "/ cannot be read: it is a folder", "")]
    [InlineData("repository: user@nas:backup", "line 1: repository.location: not an address of a store", "sshfs")]
    [InlineData("a: [", "nestegg.yaml is not valid YAML", "")]
    public void What_is_wrong_is_named_with_its_line_and_what_was_meant(string yaml, string message, string hint)
    {
        var error = Assert.Throws<NesteggException>(() => Load(yaml));

        Assert.Equal(FailureKind.BadInput, error.Kind);
        Assert.Contains(message, error.Message);
        Assert.Contains(hint, error.Hint);
    }

    [Fact]
    public void Credentials_come_from_the_environment_when_the_file_has_none()
    {
        var environment = new Dictionary<string, string>
        {
            [
            "NESTEGG_S3_ACCESS_KEY_ID"] = "a", ["AWS_ACCESS_KEY_ID"] = "b", ["AWS_SECRET_ACCESS_KEY"] = "c"
        };

        var settings = NesteggConfigurationReader.RepositoryAt("s3://b/p", "/", environment);

        Assert.Equal(("s3://b/p", "a", "c"), (settings.Location, settings.AccessKey, settings.SecretKey));
    }

    [Fact]
    public void The_file_is_looked_for_in_the_order_of_the_documents()
    {
        var home = Directory.CreateDirectory(folder["home/.config/nestegg"]).FullName;
        var work = Directory.CreateDirectory(folder["work"]).FullName;
        var environment = new Dictionary<string, string> { ["HOME"] = folder["home"] };
        Assert.Null(NesteggConfiguration.FindPath(null, work, environment));

        var atHome = Write(Path.Join(home, "nestegg.yaml"));
        Assert.Equal(atHome, NesteggConfiguration.FindPath(null, work, environment));

        var byVariable = environment["NESTEGG_CONFIG"] = Write(folder["v.yaml"]);
        Assert.Equal(byVariable, NesteggConfiguration.FindPath(null, work, environment));

        var atWork = Write(Path.Join(work, "nestegg.yaml"));
        Assert.Equal(atWork, NesteggConfiguration.FindPath(null, work, environment));

        var named = Write(folder["n.yaml"]);
        Assert.Equal(named, NesteggConfiguration.FindPath("../n.yaml", work, environment));
        var absent = NesteggConfiguration.FindPath("nope.yaml", work, environment);
        Assert.Contains("/nope.yaml does not exist", Assert.Throws<NesteggException>(
            () => NesteggConfiguration.Load(absent!, environment)).Message);
    }

    private static string Write(string path)
    {
        File.WriteAllText(path, "");
        return path;
    }

    private NesteggConfiguration Load(string yaml)
    {
        File.WriteAllText(folder["nestegg.yaml"], yaml);
        return NesteggConfiguration.Load(folder["nestegg.yaml"], new Dictionary<string, string> { ["HOME"] = "/home/a" });
    }
}

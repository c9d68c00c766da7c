using Nestegg.Ente;
using Nestegg.Ente.Configuration;
using Nestegg.TestKit;

namespace Nestegg.Tests.Configuration;

public sealed class InstanceFolderTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void A_quickstart_folder_is_read()
    {
        Write("museum.yaml", "db: { host: postgres, password: secret }\n");
        Write(
            "compose.yaml",
            "services:\n  museum:\n    image: ghcr.io/ente/server:abc\n    volumes: [./museum.yaml:/museum.yaml:ro, ./data:/data:ro]\n  "
            + "postgres:\n    volumes: [postgres-data:/x]\n");
        Write("data/billing/us.json", "{}");

        var instance = Read();

        Assert.Equal("ghcr.io/ente/server:abc", instance.MuseumImage);
        Assert.Equal("db.password (museum.yaml line 1)", instance.Configuration.Describe("db.password"));
        Assert.Equal(["compose.yaml", "data/billing/us.json", "museum.yaml"], Names(instance));
    }

    [Theory]
    [InlineData("a\nb")]
    [InlineData("a\\b")]
    public void A_name_that_readers_of_tars_stumble_over_is_left_out_and_said(string name)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no such names");
        Write("data/good", "");
        Write($"data/{name}", "");
        var (files, skipped) = Read().ListFiles(TestContext.Current.CancellationToken);
        Assert.Equal(["data/good"], files.Select(file => file.RelativePath));
        Assert.Equal([$"data/{name}"], skipped.Select(file => file.RelativePath));
    }

    [Fact]
    public void The_environment_of_the_museum_service_wins_as_a_map()
    {
        Write("museum.yaml", "db: { password: file }");
        Write(".env", "PASSWORD=fromenv\nENTE_DB_USER=only for interpolation\n");
        Write("compose.yaml", "services: { museum: { environment: { ENTE_DB_PASSWORD: '${PASSWORD:-none}', ENTE_DB_NAME: } } }");

        var configuration = Read().Configuration;

        Assert.Equal("fromenv", configuration.Text("db.password"));
        Assert.Equal("db.password (ENTE_DB_PASSWORD in compose.yaml)", configuration.Describe("db.password"));
        Assert.Equal("ente_db", configuration.Text("db.name"));
        Assert.Null(configuration.Find("db.user"));
    }

    [Fact]
    public void The_environment_of_the_museum_service_wins_as_a_list()
    {
        Write(".env", "ENTE_DB_USER=passed\n");
        Write("docker-compose.yml", "services: { api: { image: 'ente/server@sha256:1', environment: [ENTE_DB_USER, ENTE_DB_NAME=n] } }");

        var configuration = Read().Configuration;

        Assert.Equal("passed", configuration.Text("db.user"));
        Assert.Equal("n", configuration.Text("db.name"));
    }

    [Fact]
    public void Files_of_variables_and_overrides_are_merged()
    {
        Write("a.env", "ENTE_DB_USER=a\nENTE_DB_NAME=a\n");
        Write("compose.yaml", "services: { museum: { image: one, env_file: [{ path: a.env }], environment: { ENTE_DB_NAME: b } } }");
        Write("compose.override.yaml", "services: { museum: { image: two, environment: { ENTE_DB_USER: c } } }");

        var instance = Read();

        Assert.Equal("two", instance.MuseumImage);
        Assert.Equal("b", instance.Configuration.Text("db.name"));
        Assert.Equal("c", instance.Configuration.Text("db.user"));
        Assert.Equal(["a.env", "compose.override.yaml", "compose.yaml"], Names(instance));
    }

    [Fact]
    public void Without_a_museum_service_the_variables_of_dot_env_are_museums()
    {
        Write(".env", "ENTE_DB_PASSWORD=x\n");

        Assert.Equal("db.password (ENTE_DB_PASSWORD in .env)", Read().Configuration.Describe("db.password"));
    }

    [Fact]
    public void Credentials_that_the_compose_file_holds_are_read()
    {
        Write("compose.yaml", """
            services:
              museum:
                environment: { ENTE_CREDENTIALS_FILE: /credentials.yaml }
                configs: [{ source: creds, target: /credentials.yaml }]
            configs:
              creds:
                content: |
                  db:
                    password: ${P:-inline}
            """);

        var configuration = Read().Configuration;

        Assert.Equal("inline", configuration.Text("db.password"));
        Assert.Equal("db.password (compose.yaml, config creds, line 2)", configuration.Describe("db.password"));
    }

    [Fact]
    public void Files_are_followed_to_where_compose_mounts_them_from()
    {
        Write("conf/m.yaml", "db: { user: mounted }");
        Write("conf/c.yaml", "db: { password: mounted }");
        Write(
            "compose.yaml",
            "services: { museum: { volumes: ['./conf/m.yaml:/museum.yaml', { type: bind, source: ./conf/c.yaml, target: /credentials.yaml "
            + "}] } }");

        var instance = Read();

        Assert.Equal("mounted", instance.Configuration.Text("db.user"));
        Assert.Equal("db.password (conf/c.yaml line 1)", instance.Configuration.Describe("db.password"));
        Assert.Equal(["compose.yaml", "conf/c.yaml", "conf/m.yaml"], Names(instance));
    }

    [Fact]
    public void The_process_then_named_files_win_and_overrides_only_change_how_we_get_in()
    {
        Write("museum.yaml", "db: { user: a, name: a, host: a }");
        Write("extra.env", "ENTE_DB_NAME=c\nENTE_DB_HOST=c\n");

        var instance = InstanceFolder.Read(new InstanceLocation(folder.Path)
        {
            ProcessEnvironment = new Dictionary<string, string> { ["ENTE_DB_USER"] = "b", ["ENTE_DB_NAME"] = "b" },
            EnvironmentFiles = ["extra.env"],
            Overrides = new Dictionary<string, string> { ["db.host"] = "d" },
        });

        Assert.Equal(["b", "c", "c"], new[] { "db.user", "db.name", "db.host" }.Select(instance.Configuration.Text));
        Assert.Equal(["b", "c", "d"], new[] { "db.user", "db.name", "db.host" }.Select(instance.Access.Text));
        Assert.DoesNotContain("ENTE_DB_HOST=d", instance.Configuration.ToEnvironmentFile());
    }

    [Fact]
    public void A_museum_yaml_that_is_a_directory_is_noticed_and_ignored()
    {
        Directory.CreateDirectory(Path.Join(folder.Path, "museum.yaml"));

        var instance = Read();

        Assert.True(instance.IsMuseumYamlADirectory);
        Assert.Null(instance.MuseumYaml);
        Assert.True(MuseumDefaults.IsPublic("key.hash", instance.Configuration.Text("key.hash")));
    }

    [Fact]
    public void The_files_of_other_services_and_large_ones_stay_out()
    {
        Write("compose.yaml", "services: { museum: {}, postgres: { volumes: ['./data/pg:/var/lib/postgresql/data'] } }");
        Write("data/pg/base/1", "rows");
        Write("data/billing/us.json", "{}");
        Write("credentials/tls.cert", "pem");
        using (var large = File.Create(Path.Join(folder.Path, "credentials", "core")))
        {
            large.SetLength(17 << 20);
        }

        var (files, skipped) = Read().ListFiles(TestContext.Current.CancellationToken);

        Assert.Equal(["compose.yaml", "credentials/tls.cert", "data/billing/us.json"], files.Select(file => file.RelativePath));
        Assert.Equal(["credentials/core", "data/pg"], skipped.Select(file => file.RelativePath).Order());
    }

    [Fact]
    public void An_absent_folder_and_an_absent_named_file_are_errors_that_name_them()
    {
        Assert.Contains("/no/such", Assert.Throws<EnteException>(() => InstanceFolder.Read("/no/such")).Message);
        var location = new InstanceLocation(folder.Path) { MuseumYaml = "m.yaml" };
        Assert.Contains("m.yaml", Assert.Throws<EnteException>(() => InstanceFolder.Read(location)).Message);
    }

    private InstanceFolder Read() => InstanceFolder.Read(folder.Path);

    private static IEnumerable<string> Names(InstanceFolder instance) =>
        instance.ListFiles(TestContext.Current.CancellationToken).Files.Select(file => file.RelativePath);

    private void Write(string name, string text)
    {
        var path = Path.Join(folder.Path, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
    }
}

using System.Diagnostics;
using Nestegg.Ente;
using Nestegg.Ente.Configuration;
using Nestegg.TestKit;

namespace Nestegg.Tests.Configuration;

/// <summary>The forms in which people run museum: each names one setting, which has to be found where museum would find it.</summary>
public sealed class ComposeFormTests : IDisposable
{
    private const string Yaml = "db: { password: right }\n";

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("ghcr.io/ente-io/server:latest")]
    [InlineData("registry.example:5000/ente/server")]
    [InlineData("example/ente-museum@sha256:1")]
    public void A_service_is_museum_by_its_image(string image)
    {
        Write(
            "compose.yaml",
            $"services: {{ api: {{ image: '{image}', environment: [ENTE_DB_PASSWORD=right] }}, web: {{ image: ghcr.io/ente/web, "
            + "environment: { ENTE_API_ORIGIN: x } } }");
        Expect("right");
    }

    [Fact]
    public void A_service_that_is_built_here_is_museum_by_what_it_is_given()
    {
        Write("m.yaml", Yaml);
        Write("compose.yaml", "services: { api: { build: ., volumes: ['./m.yaml:/museum.yaml'] }, db: { image: 'postgres:15' } }");
        Expect("right");
    }

    [Fact]
    public void Two_museums_with_settings_of_their_own_are_both_named()
    {
        Write(
            "compose.yaml",
            "services: { a: { image: ente/server, environment: { ENTE_DB_NAME: a } }, b: { image: ente/server, profiles: [p], "
            + "environment: { ENTE_DB_NAME: b } }, c: { image: ente/server, environment: { ENTE_DB_NAME: c } } }");
        Assert.Contains("a, c", Assert.Throws<EnteException>(() => Read()).Message);
    }

    [Fact]
    public void A_service_of_a_profile_that_is_not_active_is_left_out()
    {
        Write(".env", "COMPOSE_PROFILES=live\n");
        Write(
            "compose.yaml",
            "services: { a: { image: ente/server, profiles: [trial], environment: { ENTE_DB_PASSWORD: wrong } }, b: { image: ente/server, "
            + "profiles: [live], environment: { ENTE_DB_PASSWORD: right } } }");
        Expect("right");
    }

    [Fact]
    public void An_included_file_has_its_own_folder_and_variables()
    {
        Write("compose.yaml", "include: [ente/compose.yaml]\nservices: { caddy: { image: caddy } }");
        Write("ente/compose.yaml", "services: { museum: { image: ente/server, volumes: ['./${NAME}:/museum.yaml:ro'] } }");
        Write("ente/.env", "NAME=m.yaml\n");
        Write("ente/m.yaml", Yaml);
        Expect("right", "compose.yaml", "ente/.env", "ente/compose.yaml", "ente/m.yaml");
    }

    [Fact]
    public void An_include_can_name_its_folder_and_its_variables()
    {
        Write("compose.yaml", "include: [{ path: [parts/a.yaml], project_directory: ., env_file: [parts/v.env] }]");
        Write("parts/a.yaml", "services: { museum: { image: ente/server, volumes: ['./${NAME}:/museum.yaml:ro'] } }");
        Write("parts/v.env", "NAME=m.yaml\n");
        Write("m.yaml", Yaml);
        Expect("right", "compose.yaml", "m.yaml", "parts/a.yaml", "parts/v.env");
    }

    [Fact]
    public void A_service_extends_one_of_another_file_and_has_the_last_word()
    {
        Write(
            "compose.yaml",
            "services: { museum: { extends: { file: base/base.yaml, service: template }, environment: { ENTE_DB_NAME: own } } }");
        Write(
            "base/base.yaml",
            "services: { root: { image: ente/server, volumes: ['./m.yaml:/museum.yaml'] }, template: { extends: root, environment: "
            + "[ENTE_DB_NAME=base, ENTE_DB_USER=base] } }");
        Write("base/m.yaml", Yaml);

        Expect("right", "base/base.yaml", "base/m.yaml", "compose.yaml");
        Assert.Equal("own", Read().Configuration.Text("db.name"));
        Assert.Equal("base", Read().Configuration.Text("db.user"));
    }

    [Theory]
    [InlineData("services: { museum: { extends: { file: compose.yaml, service: museum } } }")]
    [InlineData("services: { museum: { extends: museum } }")]
    [InlineData("include: [compose.yaml]")]
    public void What_leads_back_to_itself_ends(string text)
    {
        Write("compose.yaml", text);
        Assert.Contains("itself", Assert.Throws<EnteException>(() => Read()).Message);
    }

    [Theory]
    [InlineData("COMPOSE_FILE=parts/base.yml:parts/live.yml\n")]
    [InlineData("COMPOSE_FILE=parts/base.yml;parts/live.yml\nCOMPOSE_PATH_SEPARATOR=;\n")]
    public void Compose_file_names_the_files(string variables)
    {
        Write(".env", variables);
        Write("parts/base.yml", "services: { museum: { image: ente/server, environment: { ENTE_DB_PASSWORD: wrong } } }");
        Write("parts/live.yml", "services: { museum: { environment: { ENTE_DB_PASSWORD: right } } }");
        Expect("right", ".env", "parts/base.yml", "parts/live.yml");
    }

    [Fact]
    public void An_override_can_take_back_what_it_overrides()
    {
        Write("compose.yaml", "services: { museum: { image: ente/server, environment: { ENTE_DB_USER: gone } } }");
        Write("compose.override.yaml", "services: { museum: { environment: !override { ENTE_DB_PASSWORD: right } } }");
        Expect("right");
        Assert.Null(Read().Configuration.Find("db.user"));
    }

    [Fact]
    public void A_file_of_variables_for_compose_fills_in_and_goes_no_further()
    {
        Write("compose.yaml", "services: { museum: { image: ente/server, environment: { ENTE_DB_PASSWORD: '${PASSWORD}' } } }");
        Write(".env", "PASSWORD=wrong\n");
        Write("live.env", "PASSWORD=right\nENTE_DB_USER=not passed on\n");

        var instance = InstanceFolder.Read(new InstanceLocation(folder.Path) { EnvironmentFiles = ["live.env"] });

        Assert.Equal("right", instance.Configuration.Text("db.password"));
        Assert.Null(instance.Configuration.Find("db.user"));
    }

    [Fact]
    public void Without_compose_a_file_of_variables_is_taken_to_the_letter()
    {
        Write("live.env", "# comment\nENTE_DB_PASSWORD=a$b#9\"e\nENTE_DB_USER=\"x y\"\n");

        var configuration = InstanceFolder.Read(new InstanceLocation(folder.Path) { EnvironmentFiles = ["live.env"] }).Configuration;

        Assert.Equal("a$b#9\"e", configuration.Text("db.password"));
        Assert.Equal("x y", configuration.Text("db.user"));
    }

    [Theory]
    [InlineData("{ path: a.env, format: raw }", "p$x")]
    [InlineData("a.env", "p")]
    public void A_raw_file_of_variables_is_not_expanded(string entry, string expected)
    {
        Write("a.env", "ENTE_DB_PASSWORD=p$x\n");
        Write("compose.yaml", $"services: {{ museum: {{ image: ente/server, env_file: [{entry}] }} }}");
        Expect(expected);
    }

    [Theory]
    [InlineData("secrets: [{ source: s, target: /museum.yaml }]", "secrets: { s: { file: x/m.yaml } }")]
    [InlineData("configs: [museum.yaml]", "configs: { museum.yaml: { file: x/m.yaml } }")]
    [InlineData("configs: [{ source: s, target: /museum.yaml }]", "configs: { s: { environment: TEXT } }")]
    [InlineData("environment: { ENTE_CREDENTIALS_FILE: /run/secrets/s }, secrets: [s]", "secrets: { s: { file: x/m.yaml } }")]
    [InlineData("environment: { ENTE_CREDENTIALS_FILE: /c/m.yaml }, volumes: ['./x:/c:ro']", "")]
    [InlineData("working_dir: /c, volumes: [{ type: bind, source: x, target: /c/in/ }, './x/m.yaml:/c/museum.yaml']", "")]
    [InlineData(
        "volumes: ['v:/c'], environment: [ENTE_CREDENTIALS_FILE=c/m.yaml]", "volumes: { v: { driver_opts: { device: '${ROOT}/x' } } }")]
    [InlineData("volumes: ['${ROOT:?}/x/m.yaml:/museum.yaml']", "")]
    public void A_file_is_found_where_museum_sees_it(string service, string rest)
    {
        Write("x/m.yaml", Yaml);
        Write(".env", $"ROOT={folder.Path}\nTEXT='{Yaml.Trim()}'\n");
        Write("compose.yaml", $"services: {{ museum: {{ image: ente/server, {service} }} }}\n{rest}");
        Expect("right");
    }

    [Fact]
    public void Hyphens_in_a_variables_name_are_those_of_the_setting()
    {
        Write("compose.yaml", "services: { museum: { image: ente/server, environment: { ENTE_S3_B2-EU-CEN_KEY: right } } }");
        Assert.Equal("right", Read().Configuration.Text("s3.b2-eu-cen.key"));
    }

    [Fact]
    public void A_museum_yaml_that_museum_does_not_mount_does_not_count()
    {
        Write("museum.yaml", "db: { password: wrong }");
        Write("compose.yaml", "services: { museum: { image: ente/server, environment: { ENTE_DB_PASSWORD: right } } }");
        Expect("right", "compose.yaml");
    }

    [Fact]
    public void Defaults_of_its_own_stand_in_place_of_the_public_ones()
    {
        Write("configurations/local.yaml", """{"db": {"password": "right"}}""");
        Expect("right", "configurations/local.yaml");
        Assert.Null(Read().Configuration.Find("key.hash"));
        Read().RequireConfiguration();
    }

    [Fact]
    public void No_configuration_is_an_error_that_says_where_was_looked()
    {
        var error = Assert.Throws<EnteException>(() => Read().RequireConfiguration());
        Assert.Contains(Path.Join(folder.Path, "museum.yaml"), error.Message);
        Assert.Contains("instance.museum-yaml", error.Hint);
    }

    [Theory]
    [InlineData("volumes: ['${CONFIG_DIR}/museum.yaml:/museum.yaml:ro']", "CONFIG_DIR")]
    [InlineData("environment: { ENTE_DB_USER: u }, volumes: ['./gone.yaml:/museum.yaml']", "gone.yaml")]
    [InlineData("environment: { ENTE_CREDENTIALS_FILE: /etc/ente/c.yaml }, volumes: ['etc:/etc/ente']", "only the container engine knows")]
    public void A_file_that_museum_has_and_we_have_not_is_an_error_before_public_keys_are_taken_for_its_own(string service, string named)
    {
        Write("compose.yaml", $"services: {{ museum: {{ image: ente/server, {service} }} }}");
        Assert.Contains(named, Assert.Throws<EnteException>(() => Read().RequireConfiguration()).Message);
    }

    [Fact]
    public void Two_keys_of_one_name_are_named_as_such()
    {
        Write("museum.yaml", "db:\n  user: a\n  user: b\n");
        var error = Assert.Throws<EnteException>(() => Read());
        Assert.Contains("line 3", error.Message);
        Assert.Contains("Keep one", error.Hint);
    }

    [Fact]
    public void What_is_no_file_of_a_configuration_is_left_out_and_keeps_nobody_waiting()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no such files");
        Write("data/good", "");
        Write("data/pg/PG_VERSION", "15");
        Write("data/pg/base/1", "rows");
        Write("data/shut", "");
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(Path.Join(folder.Path, "data/shut"), UnixFileMode.None);
        }

        using (var made = Process.Start("mkfifo", [Path.Join(folder.Path, "data/pipe")]))
        {
            made.WaitForExit();
        }

        using var socket = new System.Net.Sockets.Socket(
            System.Net.Sockets.AddressFamily.Unix, System.Net.Sockets.SocketType.Stream, System.Net.Sockets.ProtocolType.Unspecified);
        socket.Bind(new System.Net.Sockets.UnixDomainSocketEndPoint(Path.Join(folder.Path, "data/socket")));

        var (files, skipped) = Read().ListFiles(TestContext.Current.CancellationToken);

        // root reads everything.
        Assert.Equal(
            ["data/pg", "data/pipe", "data/shut", "data/socket"],
            skipped.Select(file => file.RelativePath).Union(["data/shut"]).Order(StringComparer.Ordinal));
        Assert.Equal(["data/good"], files.Select(file => file.RelativePath).Except(["data/shut"]));
    }

    [Fact]
    public void A_folder_that_is_too_large_for_a_configuration_is_left_out()
    {
        foreach (var name in new[] { "a", "b", "c" })
        {
            Write($"data/{name}", "");
            using var file = File.OpenWrite(Path.Join(folder.Path, "data", name));
            file.SetLength(15 << 20);
        }

        var (files, skipped) = Read().ListFiles(TestContext.Current.CancellationToken);

        Assert.Empty(files);
        Assert.Equal(["data"], skipped.Select(file => file.RelativePath));
    }

    [Fact]
    public void Only_variables_that_nobody_sets_and_that_have_no_default_are_called_unset()
    {
        Write(".env", "SET=x\n");
        Write(
            "compose.yaml",
            "services: { museum: { image: '${TAG:-ente/server}${OTHER+x}', environment: [PASSED], "
            + "volumes: ['${PLACE}/m.yaml:/museum.yaml', '$SET:/set', './x${INNER:-$DEEP}:/deep'] } }");

        var message = Assert.Throws<EnteException>(Read().RequireConfiguration).Message;

        Assert.Contains("variables that are not set: DEEP, PASSED, PLACE.", message);
    }

    [Fact]
    public void Two_files_of_one_name_from_elsewhere_do_not_take_each_others_place()
    {
        Write("project/.env", "A=1\n");
        Write("secrets/.env", "ENTE_DB_PASSWORD=right\n");
        Write("project/compose.yaml", "services: { museum: { image: ente/server, env_file: ../secrets/.env } }");

        var files = InstanceFolder.Read(Path.Join(folder.Path, "project")).ListFiles(TestContext.Current.CancellationToken).Files;

        Assert.Equal(
            [".env", "compose.yaml", "elsewhere/up/secrets/.env"], files.Select(file => file.RelativePath));
    }

    private InstanceFolder Read() => InstanceFolder.Read(folder.Path);

    private void Expect(string password, params string[] files)
    {
        var instance = Read();
        Assert.Equal(password, instance.Configuration.Text("db.password"));
        if (files.Length > 0)
        {
            Assert.Equal(files, instance.ListFiles(TestContext.Current.CancellationToken).Files.Select(file => file.RelativePath));
        }
    }

    private void Write(string name, string text)
    {
        var path = Path.Join(folder.Path, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
    }
}

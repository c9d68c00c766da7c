using Nestegg.Ente;
using Nestegg.Ente.Configuration;
using Nestegg.TestKit;

namespace Nestegg.Tests.Configuration;

public sealed class MuseumProcessTests : IDisposable
{
    private const string Own = "the environment of the container m";

    private readonly TemporaryFolder folder = new();

    public MuseumProcessTests() => Directory.CreateDirectory(folder["project"]);

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Its_environment_counts_and_not_what_compose_or_a_shell_would_set()
    {
        Write("project/compose.yaml", "services: { museum: { environment: { ENTE_DB_PASSWORD: edited, ENTE_DB_USER: removed } } }");
        var location = new InstanceLocation(folder["project"])
        {
            Museum = new MuseumProcess("the container m")
            {
                Environment = ["PATH=/bin", "ENTE_DB_PASSWORD=a=b", "ENTE_DB_PASSWORD=second"],
            },
            ProcessEnvironment = new Dictionary<string, string> { ["ENTE_DB_PASSWORD"] = "shell", ["ENTE_DB_NAME"] = "shell" },
        };

        var read = InstanceFolder.Read(location);

        // Go takes the first of two. What an entry point sets later is not seen, so a person can say it.
        Assert.Equal("a=b", read.Configuration.Text("db.password"));
        Assert.Equal($"db.password (ENTE_DB_PASSWORD in {Own})", read.Configuration.Describe("db.password"));
        Assert.Equal("shell", read.Configuration.Text("db.name"));
        Assert.Null(read.Configuration.Find("db.user"));
        Assert.Equal("ENTE_DB_NAME=shell\nENTE_DB_PASSWORD=a=b\n", read.Configuration.ToEnvironmentFile());
        Assert.Equal(
            ["ENTE_DB_PASSWORD in compose.yaml is another value there", "ENTE_DB_USER in compose.yaml is not set there"],
            read.Differences);
    }

    [Theory]
    [InlineData("/work/museum.yaml", "files/m.yaml")]
    [InlineData("/work", "files")]
    public async Task Files_are_taken_from_the_host_where_a_mount_leads(string inside, string place)
    {
        Write("files/m.yaml", "db: { password: right }");
        Write("files/museum.yaml", "db: { password: right }");
        Write("project/museum.yaml", "db: { password: not mounted }");
        var museum = Museum([(inside, folder[place])], workingFolder: "/work");
        await museum.ReadFilesAsync((path, _) => path == "/work/museum.yaml" ? throw new EnteException(path, "") : Nothing(), Token);

        var read = Read(museum);

        Assert.Equal("right", read.Configuration.Text("db.password"));
        Assert.StartsWith(folder["files"], read.MuseumYaml);
        var file = Assert.Single(read.ListFiles(Token).Files);
        Assert.Equal("museum.yaml", file.RelativePath);
        Assert.Equal(read.MuseumYaml, file.Place!.Place);
    }

    [Fact]
    public async Task Files_that_the_host_has_not_are_read_where_museum_sees_them()
    {
        var museum = Museum([("/config", "/no/such/volume")], workingFolder: "/config");
        await museum.ReadFilesAsync(
            (path, _) => Task.FromResult<string?>(path switch
            {
                "/config/museum.yaml" => "credentials-file: /own/secrets.yaml\ndb: { user: museum }",
                "/own/secrets.yaml" => "key: { encryption: own }",
                _ => null,
            }),
            Token);

        var read = Read(museum);

        Assert.True(read.HasConfiguration);
        Assert.Equal("db.user (/config/museum.yaml in the container m line 2)", read.Configuration.Describe("db.user"));
        Assert.Equal("key.encryption (/own/secrets.yaml in the container m line 1)", read.Configuration.Describe("key.encryption"));
        Assert.Null(read.MuseumYaml);
        Assert.Empty(read.ListFiles(Token).Files);
    }

    [Theory]
    [InlineData("key: { encryption: another }", "another", "/configurations/local.yaml in the container m")]
    [InlineData("KNOWN", "yvmG/RnzKrbCb9L3mgsmoxXr9H7i2Z4qlbT0mL3ln4w=", "museum's public default")]
    public async Task The_images_own_defaults_count_when_they_are_not_those_of_museum(string text, string key, string origin)
    {
        var known = MuseumConfiguration.Create([], []).ToYaml() + "http: { port: 8080 }\ninternal: { silent: false }";
        var museum = Museum([]);
        await museum.ReadFilesAsync(
            (path, _) => Task.FromResult(path == "/configurations/local.yaml" ? text.Replace("KNOWN", known) : null), Token);
        var setting = Read(museum).Configuration.Find("key.encryption")!;
        Assert.Equal((key, origin), (setting.Text, setting.Origin.Source));
        Assert.Equal(origin.StartsWith('/') ? null : "8080", Read(museum).Configuration.Find("db.port") is null ? null : "8080");
    }

    [Fact]
    public async Task A_file_that_cannot_be_asked_for_is_said_and_no_default_is_taken_for_it()
    {
        var museum = Museum([("/museum.yaml", "/no/such/place")]);
        await museum.ReadFilesAsync((_, _) => throw new EnteException("too slow", ""), Token);
        Assert.Equal("/configurations/local.yaml: too slow", Assert.Single(museum.Refusals));
        var read = Read(museum);
        Assert.False(read.HasConfiguration);
        Assert.Contains(
            "museum.yaml, which the container m takes from /no/such/place",
            Assert.Throws<EnteException>(read.RequireConfiguration).Message);
    }

    [Fact]
    public void Another_file_in_the_compose_file_than_what_is_mounted_is_said()
    {
        Write("project/new.yaml", "db: { password: new }");
        Write("project/old.yaml", "db: { password: old }");
        Write("project/compose.yaml", "services: { museum: { volumes: ['./new.yaml:/museum.yaml'] } }");

        var read = Read(Museum([("/museum.yaml", folder["project/old.yaml"])]));

        Assert.Equal("db.password (old.yaml line 1)", read.Configuration.Describe("db.password"));
        var difference = Assert.Single(read.Differences);
        Assert.Equal($"museum.yaml is {folder["project/new.yaml"]} for compose, and {folder["project/old.yaml"]} there", difference);
    }

    [Fact]
    public void The_compose_files_that_it_was_started_with_are_those_that_count()
    {
        Write("project/compose.yaml", "services: { a: { image: ente/server, environment: { ENTE_DB_NAME: a } } }");
        Write("project/live.yaml", "services: { a: { image: 'ente/server:${TAG}' }, b: { image: ente/server, environment: { X: y } } }");
        Write("project/live.env", "TAG=5");
        var museum = new MuseumProcess("the container m")
        {
            Service = "b", ComposeFiles = [folder["project/live.yaml"]], VariableFiles = [folder["project/live.env"]],
            Environment = ["ENTE_DB_PASSWORD=x"],
        };
        Assert.Equal(["live.env", "live.yaml"], Read(museum).ListFiles(Token).Files.Select(file => file.RelativePath));
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static Task<string?> Nothing() => Task.FromResult<string?>(null);

    private static MuseumProcess Museum(IEnumerable<(string Inside, string Place)> mounts, string workingFolder = "/") =>
        new("the container m")
        {
            WorkingFolder = workingFolder, Mounts = mounts.ToDictionary(mount => mount.Inside, mount => (string?)mount.Place),
        };

    private InstanceFolder Read(MuseumProcess museum) => InstanceFolder.Read(new InstanceLocation(folder["project"]) { Museum = museum });

    private void Write(string name, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(folder[name])!);
        File.WriteAllText(folder[name], text);
    }
}

using Nestegg.Ente.Configuration;
using Nestegg.Instance;
using Nestegg.TestKit;

namespace Nestegg.IntegrationTests.Containers;

/// <summary>What museum runs with, asked from an engine that runs a container of its shape.</summary>
public sealed class RunningMuseumTests : IAsyncLifetime
{
    private readonly TemporaryFolder folder = new();
    private readonly string volume = "nestegg-" + Guid.NewGuid().ToString("n")[..12];
    private Podman podman = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private string Instance => folder["my-ente"];

    public async ValueTask InitializeAsync()
    {
        podman = await Podman.StartAsync(Token);
        Directory.CreateDirectory(Instance);
    }

    public async ValueTask DisposeAsync()
    {
        if (podman is not null)
        {
            await podman.DisposeAsync();
            await ExternalProgram.TryRunAsync("podman", ["volume", "rm", "--force", volume], CancellationToken.None);
        }

        folder.Dispose();
    }

    [Fact]
    public async Task Environment_volumes_and_files_of_the_image_count_and_what_compose_says_otherwise_is_said()
    {
        await WriteAsync("compose.yaml", "services: { museum: { image: ente/server, environment: { ENTE_DB_PASSWORD: edited } } }");
        await WriteAsync("museum.yaml", "db: { password: not mounted, user: nobody }");
        var name = await StartAsync(
            "museum", "--volume", $"{volume}:/config", "--workdir", "/config", "--env", "ENTE_DB_PASSWORD=running", "--env",
            "ENTE_CREDENTIALS_FILE=/own/link.yaml");
        await WriteInsideAsync(name, "/config/museum.yaml", "db: { host: of-the-volume }");
        await WriteInsideAsync(name, "/own/credentials.yaml", "key: { encryption: of-the-image }");
        await Podman.AskAsync(Token, "exec", name, "ln", "-s", "credentials.yaml", "/own/link.yaml");

        var read = await ReadAsync();

        var configuration = read.Folder.Configuration;
        Assert.Equal(
            $"db.password (ENTE_DB_PASSWORD in the environment of the container {name})", configuration.Describe("db.password"));
        Assert.Equal("of-the-volume", configuration.Text("db.host"));
        Assert.Equal($"key.encryption (/own/link.yaml in the container {name} line 1)", configuration.Describe("key.encryption"));
        Assert.Null(configuration.Find("db.user"));
        Assert.Contains("ENTE_DB_PASSWORD=running\n", configuration.ToEnvironmentFile());
        Assert.Equal(["museum-asked", "museum-not-recreated"], read.Findings.Select(finding => finding.Code));
        Assert.Contains("ENTE_DB_PASSWORD in compose.yaml is another value there", read.Findings[1].Message);
    }

    [Fact]
    public async Task Several_that_differ_are_named_and_the_files_count()
    {
        await WriteAsync("museum.yaml", "db: { password: file }");
        var one = await StartAsync("museum", "--env", "ENTE_DB_PASSWORD=one");
        await StartAsync("museum-2", "--env", "ENTE_DB_PASSWORD=two", "--label", "com.docker.compose.service=museum");

        var read = await ReadAsync();

        Assert.Equal("file", read.Folder.Configuration.Text("db.password"));
        var finding = Assert.Single(read.Findings, finding => finding.Code == "museum-ambiguous");
        Assert.Contains(one, finding.Subject);
    }

    [Fact]
    public async Task What_runs_without_any_configuration_leaves_the_files_to_count()
    {
        await WriteAsync("museum.yaml", "db: { password: file }");
        await StartAsync("museum");
        var read = await ReadAsync();
        Assert.Equal("file", read.Folder.Configuration.Text("db.password"));
        Assert.Equal("museum-unread", Assert.Single(read.Findings).Code);
    }

    private Task<RunningInstance> ReadAsync() =>
        RunningInstance.ReadAsync(new InstanceLocation(Instance), TimeProvider.System, Token);

    private Task WriteAsync(string name, string text) => File.WriteAllTextAsync(Path.Join(Instance, name), text, Token);

    private Task<string> StartAsync(string service, params string[] options) =>
        podman.RunServiceAsync(Instance, service, options, ["sleep", "600"], Token);

    private static Task<string> WriteInsideAsync(string container, string path, string text) => Podman.AskAsync(
        Token, "exec", container, "sh", "-c", $"mkdir -p {Path.GetDirectoryName(path)} && echo '{text}' > {path}");
}

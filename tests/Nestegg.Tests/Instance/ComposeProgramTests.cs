using Nestegg.Ente.Configuration;
using Nestegg.Instance;
using Nestegg.Instance.Containers;
using Nestegg.TestKit;

namespace Nestegg.Tests.Instance;

/// <summary>Docker Compose itself, asked what it would start a museum with that does not run.</summary>
public sealed class ComposeProgramTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task What_compose_says_is_what_our_reader_makes_of_the_same_files()
    {
        Write(".env", "PASSWORD='ab$cd#9'\nCONFIG=./conf\nEMPTY=\n");
        Write("plain.env", "ENTE_DB_USER=\"of ${PASSWORD}\"\nENTE_DB_NAME=weaker\n");
        Write("base/base.yaml", """
            services:
              server:
                image: ${IMAGE:-ghcr.io/ente/server}
                working_dir: /app
                volumes: ['../${CONFIG}:/app:ro', 'data:/data']
                environment: [ENTE_DB_NAME=name, ENTE_HTTP_PORT]
            volumes: { data: {} }
            """);
        Write("other/compose.yaml", "services: { db: { image: 'postgres:15', volumes: ['./pg:/var/lib/postgresql/data'] } }");
        Write("compose.yaml", """
            include: [other/compose.yaml]
            services:
              museum:
                extends: { file: base/base.yaml, service: server }
                env_file: [plain.env, { path: none.env, required: false }]
                environment: { ENTE_DB_PASSWORD: "${PASSWORD}$$", ENTE_DB_HOST: "${EMPTY:-db}", ENTE_APPS_CAST: "${EMPTY-x}" }
                configs: [{ source: creds, target: /app/credentials.yaml }]
                secrets: [{ source: key, target: /app/key }]
            configs: { creds: { content: "key: { hash: '${PASSWORD}' }" } }
            secrets: { key: { file: ./key } }
            volumes: { data: {} }
            """);
        Write(
            "compose.override.yaml",
            "services: { museum: { volumes: ['./more:/more'], environment: { ENTE_DB_HOST: '${EMPTY:-pg}' } } }");
        Write("conf/museum.yaml", "db: { port: 5433 }\nkey: { encryption: b2xk }");
        Write("key", "k");
        var compose = await Compose();

        var own = InstanceFolder.Read(folder.Path);
        var (said, findings) = await ReadAsync(compose);

        Assert.Equal("compose-asked", Assert.Single(findings).Code);
        Assert.Equal(own.Configuration.ToYaml(), said.Configuration.ToYaml());
        Assert.Equal("ab$cd#9$", said.Configuration.Text("db.password"));
        Assert.Equal("ab$cd#9", said.Configuration.Text("key.hash"));
        Assert.Equal("5433", said.Configuration.Text("db.port"));
        Assert.Equal(own.MuseumImage, said.MuseumImage);
        Assert.Equal(Listed(own), Listed(said));
    }

    [Fact]
    public async Task What_our_reader_does_not_know_of_is_right_all_the_same()
    {
        Write("prod.env", "DB_PASSWORD=right\n");
        Write("compose.yaml", "services: { museum: { image: ente/server, environment: ['ENTE_DB_PASSWORD=${DB_PASSWORD:-wrong}'] } }");
        var (said, _) = await ReadAsync(await Compose(), ("COMPOSE_ENV_FILES", "prod.env"));
        Assert.Equal("right", said.Configuration.Text("db.password"));
    }

    [Fact]
    public async Task Files_that_compose_refuses_are_read_all_the_same_and_its_words_are_said()
    {
        Write(
            "compose.yaml",
            "services: { museum: { image: ente/server, environment: [ENTE_DB_PASSWORD=right], volumes: ['away:/data'] } }");
        var (said, findings) = await ReadAsync(await Compose());
        Assert.Equal("right", said.Configuration.Text("db.password"));
        Assert.Equal("compose-refused", Assert.Single(findings).Code);
        Assert.Contains("undefined volume away", findings[0].Message);
    }

    [Fact]
    public async Task Where_there_is_no_compose_nothing_is_said_of_it()
    {
        Write("compose.yaml", "services: { museum: { image: ente/server, environment: [ENTE_DB_PASSWORD=right] } }");
        var (said, findings) = await ReadAsync(new ComposeProgram([ExternalProgram.Find("true")!], TimeProvider.System));
        Assert.Equal("right", said.Configuration.Text("db.password"));
        Assert.Empty(findings);
    }

    private static async Task<ComposeProgram> Compose()
    {
        var program = Environment.GetEnvironmentVariable("NESTEGG_TEST_COMPOSE") is { Length: > 0 } named
            ? named
            : ExternalProgram.Find("docker-compose");
        Assert.SkipWhen(program is null, "Docker Compose is not installed");
        var compose = new ComposeProgram([program], TimeProvider.System);
        Assert.SkipUnless(await compose.IsThereAsync(Token), $"{program} is not Docker Compose 2");
        return compose;
    }

    private async Task<(InstanceFolder Folder, IReadOnlyList<Finding> Findings)> ReadAsync(
        ComposeProgram compose, params (string Name, string Value)[] variables)
    {
        var location = new InstanceLocation(folder.Path)
        {
            ProcessEnvironment = variables.ToDictionary(variable => variable.Name, variable => variable.Value),
        };
        var read = await RunningInstance.ReadAsync(location, await RunningContainers.FindAsync(folder.Path, [], Token), [compose], Token);
        return (read.Folder, read.Findings);
    }

    private static IEnumerable<(string, string?)> Listed(InstanceFolder read) =>
        read.ListFiles(Token).Files.Select(file => (file.RelativePath, file.Place?.Place));

    private void Write(string name, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(folder[name])!);
        File.WriteAllText(folder[name], text);
    }
}

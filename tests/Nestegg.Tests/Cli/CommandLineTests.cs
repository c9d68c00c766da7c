using System.Text.Json;
using Nestegg.Cli;
using Nestegg.Cli.Terminal;
using Nestegg.TestKit;

namespace Nestegg.Tests.Cli;

public sealed class CommandLineTests : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly StringWriter output = new();
    private readonly StringWriter error = new();

    public CommandLineTests()
    {
        Directory.CreateDirectory(folder["ente"]);
        File.WriteAllText(folder["ente/museum.yaml"], "db: { host: 127.0.0.1, port: 1, user: u, password: hush }\n");
    }

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("backpu", "error: `backpu` is not known here")]
    [InlineData("doctor --fast", "error: `--fast` is not known here")]
    [InlineData("backup --parallel many", "error: --parallel takes a whole number, and not `many`")]
    [InlineData("init", "error: Option '--instance' is required.")]
    [InlineData("", "error: Required command was not provided.")]
    public async Task Bad_input_is_two_lines_and_exit_code_2(string arguments, string message)
    {
        Assert.Equal(ExitCode.BadInput, await RunAsync(arguments));

        var lines = error.ToString().Trim().Split('\n');
        Assert.Equal(message, lines[0]);
        Assert.StartsWith("hint: nestegg ", lines[1]);
        Assert.Equal(2, lines.Length);
        Assert.Equal("", output.ToString());
    }

    [Fact]
    public async Task Without_a_configuration_doctor_says_how_to_make_one()
    {
        Assert.Equal(ExitCode.BadInput, await RunAsync("doctor"));

        Assert.Equal(
            "error: no instance is configured\nhint: run nestegg init --instance FOLDER, or name a configuration with --config\n",
            error.ToString());
    }

    [Fact]
    public async Task Help_ends_with_examples()
    {
        Assert.Equal(ExitCode.Done, await RunAsync("doctor --help"));

        Assert.Contains("--config <FILE>", output.ToString());
        Assert.Contains("Examples:\n  nestegg doctor", output.ToString());
    }

    [Fact]
    public async Task Init_makes_a_repository_its_keys_and_a_configuration_that_can_be_read()
    {
        Assert.Equal(ExitCode.Done, await RunAsync(
            "init --instance ente --repository repo --new-identity id.txt --identity-beside-repository --map 127.0.0.1:1=127.0.0.2:1 --name home"));

        Assert.Equal(
            ["ente/museum.yaml", "id.txt", "nestegg.key", "nestegg.yaml", "repo/nestegg.json"],
            Directory.EnumerateFiles(folder.Path, "*", SearchOption.AllDirectories).Select(path => Path.GetRelativePath(folder.Path, path))
                .Order(StringComparer.Ordinal));
        var configuration = Nestegg.Settings.NesteggConfiguration.Load(folder["nestegg.yaml"], new Dictionary<string, string>());
        using var description = JsonDocument.Parse(File.ReadAllText(folder["repo/nestegg.json"]));
        Assert.Equal(("home", folder[
            "ente"], folder["repo"]), (configuration.InstanceName, configuration.Instance!.Folder, configuration.Repository!.Location));
        Assert.Equal(
            (folder["nestegg.key"], "127.0.0.1:1=127.0.0.2:1"), (configuration.SigningKeyPath, configuration.Map.Entries.Single()));
        var identity = File.ReadAllText(folder["id.txt"]);
        Assert.Contains($"# repository: {description.RootElement.GetProperty("id")}", identity);
        Assert.Contains($"# signing key: {description.RootElement.GetProperty("signingKey")}", identity);
        Assert.Contains($"# public key: {configuration.Recipients.Single()}", identity);
        Assert.Contains("move it off this machine", output.ToString());
    }

    [Fact]
    public async Task What_the_hint_of_init_names_can_be_named_to_init_and_is_written_down()
    {
        Directory.CreateDirectory(folder["pods"]);
        const string init = "init --instance pods --repository repo --new-identity id.txt --identity-beside-repository";
        Assert.Equal(ExitCode.BadInput, await RunAsync(init));
        Assert.Contains("--museum-yaml", error.ToString());

        File.WriteAllText(folder["x.yaml"], "services: { museum: { image: ente/server, environment: [ENTE_DB_HOST=127.0.0.1] } }\n");
        File.WriteAllText(folder["x.env"], "A=1\n");
        Assert.Equal(
            ExitCode.Done, await RunAsync($"{init} --museum-yaml ente/museum.yaml --compose-file x.yaml --env-file x.env"));

        var location = Nestegg.Settings.NesteggConfiguration.Load(folder["nestegg.yaml"], new Dictionary<string, string>()).Instance!;
        Assert.Equal(folder["ente/museum.yaml"], location.MuseumYaml);
        Assert.Equal([folder["x.yaml"]], location.ComposeFiles);
        Assert.Equal([folder["x.env"]], location.EnvironmentFiles);
    }

    [Theory]
    [InlineData("id.txt", "would be on the same disk as the repository")]
    [InlineData("repo/id.txt", "would be inside the repository")]
    [InlineData("repo/id.txt --identity-beside-repository", "would be inside the repository")]
    public async Task Init_writes_no_identity_beside_what_it_opens(string identity, string words)
    {
        Assert.SkipWhen(Nestegg.Stores.Local.Volume.Of(folder.Path) == "", "the file system has no id");
        Assert.Equal(ExitCode.BadInput, await RunAsync($"init --instance ente --repository repo --new-identity {identity}"));
        Assert.Contains(words, error.ToString());
        Assert.Equal(["ente/museum.yaml"], Directory.EnumerateFiles(folder.Path, "*", SearchOption.AllDirectories)
            .Select(path => Path.GetRelativePath(folder.Path, path)));
    }

    [Fact]
    public async Task While_the_new_identity_lies_here_doctor_reminds_of_it()
    {
        await RunAsync("init --quiet --instance ente --repository repo --new-identity id.txt --identity-beside-repository");
        Assert.Contains("without it nobody can", output.ToString());

        await RunAsync("doctor");
        Assert.Contains("id.txt: the identity still lies on this machine", output.ToString());
        File.Delete(folder["id.txt"]);
        output.GetStringBuilder().Clear();
        await RunAsync("doctor");
        Assert.DoesNotContain("still lies", output.ToString());
    }

    [Theory]
    [InlineData("id.txt")]
    [InlineData("nestegg.key")]
    [InlineData("nestegg.yaml")]
    public async Task Secret_files_are_for_the_owner_alone(string name)
    {
        await RunAsync("init --instance ente --repository repo --new-identity id.txt --identity-beside-repository");

        if (OperatingSystem.IsWindows())
        {
            Assert.Skip("there are no modes on Windows");
        }
        else
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(folder[name]));
        }
    }

    [Fact]
    public async Task Init_overwrites_nothing_and_leaves_nothing_behind_when_it_fails()
    {
        const string init = "init --instance ente --identity-beside-repository";
        Assert.Equal(ExitCode.Done, await RunAsync($"{init} --repository repo --new-identity id.txt"));
        Assert.Equal(ExitCode.BadInput, await RunAsync($"{init} --repository repo2 --new-identity id2.txt"));
        Assert.Contains("nestegg.yaml exists already", error.ToString());

        Assert.Equal(
            ExitCode.BadInput, await RunAsync($"{init} --repository repo --new-identity id2.txt --config other/nestegg.yaml"));
        Assert.Contains("is a repository already", error.ToString());
        Assert.False(File.Exists(folder["other/nestegg.key"]) || File.Exists(folder["id2.txt"]) || Directory.Exists(folder["repo2"]));
    }

    [Theory]
    [InlineData("museum/id.txt", "the identity", "file exists")]
    [InlineData("file/id.txt", "the identity", "not a directory")]
    [InlineData("/dev/null/id.txt", "the identity", "not a directory")]
    [InlineData("id.txt --config file/nestegg.yaml", "the configuration", "not a directory")]
    public async Task Init_makes_no_repository_when_it_could_not_write_what_opens_it(string identity, string what, string why)
    {
        File.WriteAllText(folder["file"], "");
        File.CreateSymbolicLink(folder["museum"], folder["file"]);
        Assert.Equal(
            ExitCode.BadInput,
            await RunAsync($"init --instance ente --repository repo --identity-beside-repository --new-identity {identity}"));
        Assert.Matches($"error: {what} /.* cannot be written: .*({why}|does not exist|a file)", error.ToString());
        Assert.Equal(["ente/museum.yaml", "file", "museum"], Directory.EnumerateFiles(folder.Path, "*", SearchOption.AllDirectories)
            .Select(path => Path.GetRelativePath(folder.Path, path)).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Init_wants_somebody_who_can_open_the_backups()
    {
        Assert.Equal(ExitCode.BadInput, await RunAsync("init --instance ente --repository repo"));
        Assert.Contains("nobody could open these backups", error.ToString());
        Assert.Equal(ExitCode.BadInput, await RunAsync("init --instance ente --repository repo --recipient age1nonsense"));
        Assert.False(Directory.Exists(folder["repo"]));
    }

    [Fact]
    public async Task A_passphrase_from_a_file_puts_an_identity_into_the_repository()
    {
        File.WriteAllText(folder["pass"], "correct horse\n");

        Assert.Equal(ExitCode.Done, await RunAsync("init --instance ente --repository repo --passphrase-file pass"));

        Assert.StartsWith("age-encryption.org/v1\n-> scrypt ", File.ReadAllText(folder["repo/identity.age"]));

        // The passphrase alone opens it: what is missing is only a snapshot.
        Assert.Equal(ExitCode.Done, await RunAsync("check"));
        Assert.Equal(ExitCode.BadInput, await RunAsync("restore --into new --repository repo --passphrase-file pass"));
        Assert.Contains("has no finished snapshot", error.ToString());
        error.GetStringBuilder().Clear();
        File.WriteAllText(folder["pass"], "wrong horse\n");
        Assert.Equal(ExitCode.WrongIdentity, await RunAsync("restore --into new --repository repo --passphrase-file pass"));
    }

    [Fact]
    public async Task Without_a_terminal_a_passphrase_is_not_asked_for()
    {
        Assert.Equal(ExitCode.BadInput, await RunAsync("init --instance ente --repository repo --passphrase"));
        Assert.Contains("there is no terminal to ask at", error.ToString());
        Assert.Contains("NESTEGG_PASSPHRASE", error.ToString());
    }

    [Fact]
    public async Task Text_and_json_carry_the_same_numbers()
    {
        File.WriteAllText(folder["nestegg.yaml"], "instance: ente");

        Assert.Equal(ExitCode.Incomplete, await RunAsync("doctor"));
        var text = output.ToString();
        output.GetStringBuilder().Clear();
        Assert.Equal(ExitCode.Incomplete, await RunAsync("doctor --json"));

        var events = output.ToString().Trim().Split('\n').Select(line => JsonDocument.Parse(line).RootElement).ToArray();
        var summary = events[^1];
        Assert.Equal("summary", summary.GetProperty("event").GetString());
        Assert.All(events[..^1], found => Assert.Equal("finding", found.GetProperty("event").GetString()));
        Assert.Equal(3, summary.GetProperty("exitCode").GetInt32());
        Assert.Equal(
            events[..^1].Count(found => found.GetProperty("severity").GetString() == "error"), summary.GetProperty("errors").GetInt32());
        Assert.Contains($"errors:   {summary.GetProperty("errors")}\n", text);
        Assert.Contains($"in order: {summary.GetProperty("ok")}\n", text);
        Assert.DoesNotContain("hush", text + output + error);
    }

    [Fact]
    public async Task Quiet_says_only_what_is_wrong()
    {
        File.WriteAllText(folder["nestegg.yaml"], "instance: ente");

        await RunAsync("doctor --quiet");

        Assert.DoesNotContain("ok ", output.ToString());
        Assert.DoesNotContain("errors:", output.ToString());
        Assert.Contains("error    127.0.0.1:1/ente_db as u: no answer", output.ToString());
    }

    [Fact]
    public async Task An_error_is_an_event_in_json()
    {
        Assert.Equal(ExitCode.BadInput, await RunAsync("doctor --json --config nope.yaml"));

        var lines = output.ToString().TrimEnd().Split('\n');
        Assert.Equal("""{"event":"summary","exitCode":2}""", lines[^1]);
        var found = JsonDocument.Parse(Assert.Single(lines[..^1])).RootElement;
        Assert.Equal(("error", 2), (found.GetProperty("event").GetString(), found.GetProperty("exitCode").GetInt32()));
        Assert.Contains("nope.yaml", found.GetProperty("message").GetString());
        Assert.Equal("", error.ToString());
    }

    [Fact]
    public async Task A_mistake_of_the_program_is_exit_code_1_and_two_lines()
    {
        File.WriteAllText(folder["nestegg.yaml"], "instance: ente");
        var host = new CommandHost
        {
            Out = new BrokenWriter(),
            Error = error,
            Environment = new Dictionary<string, string>(),
            WorkingFolder = folder.Path,
        };

        Assert.Equal(ExitCode.Unexpected, await CommandLine.RunAsync(["doctor"], host, TestContext.Current.CancellationToken));

        Assert.Equal("error: unexpected: out of ink\nhint: NESTEGG_TRACE=1 shows where; please report it\n", error.ToString());
    }

    [Fact]
    public async Task A_cancelled_command_exits_with_130()
    {
        File.WriteAllText(folder["nestegg.yaml"], "instance: ente");

        Assert.Equal(ExitCode.Cancelled, await RunAsync("doctor", new CancellationToken(canceled: true)));
        Assert.StartsWith("error: cancelled\n", error.ToString());
    }

    private sealed class BrokenWriter : StringWriter
    {
        public override void WriteLine(string? value) => throw new InvalidOperationException("out of ink");
    }

    private Task<ExitCode> RunAsync(string arguments, CancellationToken? cancellationToken = null)
    {
        var host =
            new CommandHost { Out = output, Error = error, Environment = new Dictionary<string, string>(), WorkingFolder = folder.Path };
        return CommandLine.RunAsync(
            arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries), host, cancellationToken ?? TestContext.Current.CancellationToken);
    }
}

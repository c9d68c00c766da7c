using Nestegg.Stores.Local;
using Nestegg.TestKit;
using Nestegg.TestKit.Instances;

namespace Nestegg.IntegrationTests.Resilience;

/// <summary>The program itself, where nobody can read what it says, and where somebody types.</summary>
public sealed class StandardStreamTests(SharedServers servers, KnownInstances instances) : IDisposable
{
    private readonly TemporaryFolder folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task No_stream_that_is_closed_full_or_broken_costs_a_backup()
    {
        using var instance = await instances.StartAsync("sample", "t1", servers, Token);
        await using var store = new LocalStore(instance.RepositoryFolder);
        string[] ways =
        [
            "> /dev/full", "--json > /dev/full", ">&-", "--json >&-", "2>&-", "2> /dev/full", ">&- 2>&- <&-", "> /dev/full 2> /dev/full",
            "--json | head -c 1 > /dev/null; exit ${PIPESTATUS[0]}",
        ];
        for (var i = 0; i < ways.Length; i++)
        {
            var (code, _, error) = await ShellAsync($"nestegg backup --config {instance.ConfigurationPath} {ways[i]}");

            Assert.True(code == 0, $"{ways[i]}: {code} {error}");
            Assert.Equal(i + 1, await NewRepository.AssertIntactAsync(store, ways[i], Token));
            var isTold = ways[i].EndsWith("> /dev/full", StringComparison.Ordinal) && !ways[i].Contains('2');
            Assert.Equal(isTold, error.Contains("the disk is full"));
        }
    }

    [Fact]
    public async Task An_answer_that_did_not_arrive_whole_is_no_success()
    {
        Directory.CreateDirectory(folder["repository"]);
        await NewRepository.CreateAsync(new LocalStore(folder["repository"]), folder["key"], Token);
        var (code, _, error) = await ShellAsync($"nestegg snapshots --repository {folder["repository"]} > /dev/full");

        Assert.Equal((int)ExitCode.Incomplete, code);
        Assert.Contains("could be written to standard output: the disk is full", error);
        var broken = await ShellAsync($"nestegg snapshots --repository {folder["repository"]} | true; exit ${{PIPESTATUS[0]}}");
        Assert.Equal(0, broken.ExitCode);
    }

    [Fact]
    public async Task A_folder_that_was_removed_under_it_and_odd_variables_keep_nothing_from_working_and_get_no_files()
    {
        Directory.CreateDirectory(folder["repository"]);
        await NewRepository.CreateAsync(new LocalStore(folder["repository"]), folder["key"], Token);
        var removed = $"mkdir {folder["gone"]} && cd {folder["gone"]} && rmdir {folder["gone"]}";
        foreach (var command in new[] { "snapshots", "check" })
        {
            const string variables = "HOME=relative XDG_CACHE_HOME=relative XDG_CONFIG_HOME=/dev/null TMPDIR=/nonexistent";
            var (code, _, error) = await ShellAsync($"{removed} && {variables} nestegg {command} --repository {folder["repository"]}");
            Assert.True(code == 0, error);
            var relative = await ShellAsync($"{removed} && {variables} nestegg {command} --repository repository");
            Assert.Equal((int)ExitCode.BadInput, relative.ExitCode);
            Assert.StartsWith("error: repository is named from a folder that has been removed\nhint: ", relative.Error);
            (code, _, error) = await ShellAsync($"cd {folder.Path} && {variables} nestegg {command} --repository repository");
            Assert.True(code == 0, error);
        }

        Assert.Equal(["key", "repository"], Directory.EnumerateFileSystemEntries(folder.Path).Select(Path.GetFileName).Order());
    }

    [Theory]
    [InlineData("INT")]
    [InlineData("TERM")]
    [InlineData("HUP")]
    public async Task At_a_prompt_one_signal_ends_the_command_and_the_terminal_shows_again_what_is_typed(string signal)
    {
        Assert.SkipWhen(TerminalProcess.IsMissing, "script (bsdutils) is not installed");
        var repository = await UnderPassphraseAsync();
        await using var terminal = TerminalProcess.Start(
            $"nestegg audit --snapshot latest --repository {repository}; echo code=$?; stty -a");
        await terminal.WaitForAsync("passphrase of identity.age", Token);
        if (signal == "INT")
        {
            await terminal.TypeAsync("\x03", Token);
        }
        else
        {
            var command = $"/{Path.GetFileName(CliProcess.Program)} audit --snapshot latest --repository {repository}";
            await ExternalProgram.RunAsync("pkill", [$"-{signal}", "-f", command], Token);
        }

        await terminal.WaitForAsync("code=130", Token);
        Assert.Equal(0, await terminal.EndAsync(Token));
        Assert.Matches(@"(?<!-)\becho\b", terminal.Shown);
        Assert.Contains("error: cancelled", terminal.Shown);
    }

    [Fact]
    public async Task A_typo_may_be_tried_again_and_keys_without_a_letter_type_nothing()
    {
        Assert.SkipWhen(TerminalProcess.IsMissing, "script (bsdutils) is not installed");
        var repository = await UnderPassphraseAsync();
        await using var terminal = TerminalProcess.Start($"nestegg audit --snapshot latest --repository {repository}; echo code=$?");
        await terminal.WaitForAsync("passphrase of identity.age", Token);
        await terminal.TypeAsync("wrong\r", Token);
        await terminal.WaitForAsync("the passphrase does not open identity.age", Token);
        await terminal.WaitForAsync("passphrase of identity.age", Token);

        // Arrow up, arrow left, a letter taken back, F5, and what was typed before Ctrl-U.
        await terminal.TypeAsync("\e[A\e[Dnonsense\x15right x\x7f\e[15~one\r", Token);
        await terminal.WaitForAsync("has no finished snapshot", Token);
    }

    private async Task<string> UnderPassphraseAsync()
    {
        await File.WriteAllTextAsync(folder["passphrase"], "right one\n", Token);
        Directory.CreateDirectory(folder["ente"]);
        await File.WriteAllTextAsync(folder["ente/museum.yaml"], "db: { host: 127.0.0.1 }\n", Token);
        await CliProcess.ExpectAsync(
            ExitCode.Done, Token, "init", "--instance", folder["ente"], "--repository", folder["repository"],
            "--passphrase-file", folder["passphrase"], "--config", folder["nestegg.yaml"]);
        return folder["repository"];
    }

    private static Task<(int ExitCode, string Output, string Error)> ShellAsync(string commands) => ExternalProgram.TryRunAsync(
        "bash", ["-c", $"nestegg() {{ '{Path.Combine(AppContext.BaseDirectory, "Nestegg.Cli")}' \"$@\"; }}; {commands}"], Token,
        new Dictionary<string, string?> { ["NESTEGG_CONFIG"] = "" });
}

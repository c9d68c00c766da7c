using Nestegg.Checks;
using Nestegg.Cli;
using Nestegg.Cli.Terminal;
using Nestegg.TestKit;

namespace Nestegg.Tests.Cli;

/// <summary>A command that is started where nothing is as usual says what is wrong, or does without.</summary>
public sealed class WorkingFolderTests : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly StringWriter output = new();
    private readonly StringWriter error = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task In_a_folder_that_was_removed_full_paths_do_and_others_are_told_so()
    {
        Directory.CreateDirectory(folder["ente"]);
        File.WriteAllText(folder["ente/museum.yaml"], "db: { host: 127.0.0.1, port: 1, user: u, password: hush }\n");
        var init = $"init --instance {folder["ente"]} --new-identity {folder["id.txt"]} --identity-beside-repository";
        foreach (var arguments in new[]
        {
            "snapshots --repository repo", "doctor --config nestegg.yaml", $"{init} --config {folder["nestegg.yaml"]} --repository repo",
            $"{init} --repository {folder["repo"]}", $"audit --repository {folder["repo"]} --csv table.csv",
        })
        {
            Assert.Equal(ExitCode.BadInput, await RunAsync(arguments));
            Assert.Contains("is named from a folder that has been removed\nhint: change into a folder that exists (cd)", error.ToString());
        }

        Assert.Equal(["ente/museum.yaml"], Directory.EnumerateFiles(folder.Path, "*", SearchOption.AllDirectories)
            .Select(path => Path.GetRelativePath(folder.Path, path)));
        Assert.Equal(
            ExitCode.Done, await RunAsync($"{init} --config {folder["nestegg.yaml"]} --repository {folder["repo"]}"));
        Assert.Equal(ExitCode.Done, await RunAsync($"snapshots --repository {folder["repo"]}"));
        Assert.Equal(ExitCode.BadInput, await RunAsync("doctor"));
        Assert.Contains("no instance is configured", error.ToString());
    }

    [Fact]
    public void Only_full_paths_in_variables_are_folders_of_the_user()
    {
        var odd = new Dictionary<string, string> { ["XDG_CACHE_HOME"] = "cache", ["XDG_CONFIG_HOME"] = "", ["HOME"] = "/home/me" };
        Assert.Equal(("/home/me/.cache", "/home/me/.config"), (UserFolders.Cache(odd), UserFolders.Config(odd)));
        odd["XDG_CACHE_HOME"] = "/var/cache";
        odd["HOME"] = "relative";
        Assert.Equal(("/var/cache/nestegg", null), (CheckMemory.FolderIn(odd), UserFolders.Config(odd)));
    }

    [Theory]
    [InlineData("HOME", "/dev/null")]
    [InlineData("HOME", "/proc/nowhere")]
    [InlineData("XDG_CACHE_HOME", "/dev/null")]
    [InlineData("LANG", "C")]
    public async Task Nothing_needs_a_home_or_a_cache_that_can_be_written(string variable, string value)
    {
        var environment = new Dictionary<string, string> { [variable] = value };
        Directory.CreateDirectory(folder["ente"]);
        File.WriteAllText(folder["ente/museum.yaml"], "db: { host: 127.0.0.1, port: 1, user: u, password: hush }\n");
        var init = $"init --instance {folder["ente"]} --new-identity {folder["id.txt"]} --identity-beside-repository";
        foreach (var arguments in new[]
        {
            $"{init} --config {folder["nestegg.yaml"]} --repository {folder["repo"]}", $"snapshots --repository {folder["repo"]}",
            $"check --repository {folder["repo"]}", $"check --read-subset 5% --repository {folder["repo"]}",
        })
        {
            Assert.True(await RunAsync(arguments, environment) == ExitCode.Done, $"{arguments}: {error}");
        }
    }

    private Task<ExitCode> RunAsync(string arguments, IReadOnlyDictionary<string, string>? environment = null)
    {
        error.GetStringBuilder().Clear();
        environment ??= new Dictionary<string, string> { ["XDG_CACHE_HOME"] = folder["cache"] };
        var host = new CommandHost { Out = output, Error = error, Environment = environment, WorkingFolder = null };
        return CommandLine.RunAsync(arguments.Split(' '), host, TestContext.Current.CancellationToken);
    }
}

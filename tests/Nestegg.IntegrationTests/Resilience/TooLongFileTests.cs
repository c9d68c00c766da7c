using Nestegg.TestKit;

namespace Nestegg.IntegrationTests.Resilience;

/// <summary>A file that grows longer than it may: by FAT32's 4 GiB, or, as here, by the limit of the process (EFBIG, SIGXFSZ).</summary>
public sealed class TooLongFileTests(SharedServers servers) : IDisposable
{
    private readonly TemporaryFolder folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task It_is_told_as_what_it_is_by_every_command_that_writes()
    {
        var ada = await BulkSnapshot.CreateAsync(await servers.PostgresAsync(Token), folder, 2, _ => 3_000_000, Token);
        string[] opened = ["--repository", folder["repository"], "--identity", folder["identity"]];
        string[] person = [.. opened, "--user", ada.Email, "--password-file", folder["password"]];

        await ExpectAsync(ExitCode.OutOfReach, 2000, ["restore", .. opened, "--objects-to", folder["objects"]]);
        await ExpectAsync(ExitCode.OutOfReach, 2000, [.. BulkSnapshot.ExportArguments(ada, folder, "photos")]);
        await ExpectAsync(ExitCode.OutOfReach, 2, ["audit", .. opened, "--snapshot", "latest"]);
        await ExpectAsync(ExitCode.OutOfReach, 2, ["prove", .. person]);
        await ExpectAsync(ExitCode.OutOfReach, 0, ["backup", "--config", folder["nestegg.yaml"]]);
        await ExpectAsync(
            ExitCode.BadInput, 0,
            [
                "init", "--instance", folder["my-ente"], "--repository", folder["other/repository"], "--new-identity",
                folder["other/identity"], "--identity-beside-repository", "--config", folder["other/nestegg.yaml"],
            ]);

        // Nothing is in the way of the next run, which may.
        await Cli.ExpectAsync(ExitCode.Done, Token, ["restore", .. opened, "--objects-to", folder["objects"]]);
        await Cli.ExpectAsync(ExitCode.Done, Token, BulkSnapshot.ExportArguments(ada, folder, "photos"));
        await Cli.ExpectAsync(ExitCode.Done, Token, ["check", "--repository", folder["repository"]]);
    }

    private static async Task ExpectAsync(ExitCode expected, int limitKibibytes, string[] arguments)
    {
        var (code, output, error) = await ExternalProgram.TryRunAsync(
            "bash", ["-c", $"ulimit -f {limitKibibytes} && exec \"$0\" \"$@\"", CliProcess.Program, .. arguments, "--quiet"], Token,

            // Else the runtime, where it is not compiled in, keeps its code in a file of its own and does not start.
            new Dictionary<string, string?> { ["DOTNET_EnableWriteXorExecute"] = "0" });
        Assert.True(code == (int)expected, $"{arguments[0]}: exit code {code}\n{output}{error}");
        Assert.Contains("the file is longer than the file system or the limit of the process (ulimit -f) allows", error);
        Assert.Contains("\nhint: ", error);
    }
}

using Nestegg.TestKit;
using Nestegg.TestKit.Sample;

namespace Nestegg.IntegrationTests.Resilience;

/// <summary>What a command keeps in temporary files when its process is killed, and how long it stays.</summary>
public sealed class KilledCommandTests(SharedServers servers) : IDisposable
{
    private const int Files = 400;

    private readonly TemporaryFolder folder = new();
    private readonly TemporaryFolder temporary = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        folder.Dispose();
        temporary.Dispose();
    }

    [Fact]
    public async Task What_it_leaves_goes_with_the_next_command_whichever_that_is()
    {
        var ada = await BulkSnapshot.CreateAsync(await servers.PostgresAsync(Token), folder, Files, _ => 200_000, Token);
        foreach (var arguments in Commands(ada))
        {
            await using (var killed = CliProcess.StartIn(temporary, arguments))
            {
                while (!Directory.EnumerateFiles(temporary.Path, "*.sqlite", SearchOption.AllDirectories).Any())
                {
                    await Task.Delay(1, Token);
                }

                await killed.SignalAsync("KILL", Token);
                Assert.Equal(137, (int)(await killed.EndAsync(Token)).ExitCode);
            }

            Assert.NotEmpty(Directory.EnumerateFileSystemEntries(temporary.Path));
            await using var next = CliProcess.StartIn(temporary, "snapshots", "--repository", folder["repository"]);
            await next.ExpectAsync(ExitCode.Done, Token);
            Assert.Empty(Directory.EnumerateFileSystemEntries(temporary.Path));
        }
    }

    private IEnumerable<string[]> Commands(SamplePerson person)
    {
        string[] snapshot = ["--repository", folder["repository"], "--identity", folder["identity"]];
        yield return ["prove", .. snapshot, "--user", person.Email, "--password-file", folder["password"]];
        yield return ["audit", .. snapshot];
        yield return BulkSnapshot.ExportArguments(person, folder, "photos");
    }
}

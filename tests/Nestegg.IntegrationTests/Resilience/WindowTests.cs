using System.Globalization;
using System.Text.RegularExpressions;
using Nestegg.Cli.Terminal;
using Nestegg.TestKit;

namespace Nestegg.IntegrationTests.Resilience;

/// <summary>What a person sees in a narrow window, on a terminal of its own.</summary>
public sealed partial class WindowTests(SharedServers servers) : IDisposable
{
    private readonly TemporaryFolder folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Nothing_is_wider_than_the_window_and_no_counter_passes_its_total()
    {
        Assert.SkipWhen(TerminalProcess.IsMissing, "script (bsdutils) is not installed");
        var ada = await BulkSnapshot.CreateAsync(await servers.PostgresAsync(Token), folder, 40, number => 50_000 + number, Token);
        var opened = $"--repository {folder["repository"]} --identity {folder["identity"]}";
        var person = $"{opened} --user {ada.Email} --password-file {folder["password"]}";
        string[] commands =
        [
            $"snapshots --repository {folder["repository"]}", $"snapshots latest --repository {folder["repository"]}",
            $"check --read --repository {folder["repository"]}", "help", $"audit --snapshot latest {opened}", $"prove {person}",
            $"find {person}", $"find --all-snapshots {person}", $"export {person} --to {folder["photos"]}",
            $"doctor --config {folder["nestegg.yaml"]}", $"restore {opened} --into {folder["my-ente"]} --dry-run",
            $"restore {opened} --objects-to {folder["objects"]}",
        ];
        foreach (var columns in new[] { 80, 60 })
        {
            foreach (var command in commands)
            {
                await using var terminal = TerminalProcess.Start($"stty cols {columns}; nestegg {command}");
                await terminal.EndAsync(Token);
                AssertFits(terminal.Shown, columns, command);
            }

            Directory.Delete(folder["photos"], recursive: true);
            Directory.Delete(folder["objects"], recursive: true);
        }
    }

    private static void AssertFits(string shown, int columns, string command)
    {
        var drawn = shown.Split('\n').SelectMany(line => line.TrimEnd('\r').Split('\r')).Select(line => Escape().Replace(line, ""))
            .ToList();
        Assert.Contains(drawn, line => line.Length > 0);
        foreach (var line in drawn)
        {
            // An address or a path that is longer than the window stays whole, so that it can be copied.
            var hasLongWord = line.Split(' ').Max(TextFit.Columns) > columns - "ok       hint: ".Length;
            Assert.True(hasLongWord || TextFit.Columns(line.TrimEnd()) <= columns, $"{command}, {columns} columns:\n{line}");
            foreach (Match counter in Counter().Matches(line))
            {
                Assert.True(Number(counter.Groups[1]) <= Number(counter.Groups[2]), line);
            }
        }
    }

    private static long Number(Group group) => long.Parse(group.Value, NumberStyles.AllowThousands, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"\e(\[[0-9;?]*[A-Za-z]|[=>])")]
    private static partial Regex Escape();

    [GeneratedRegex(@"(?<![\d.])(\d[\d,]*) of (\d[\d,]*)(?![\d.])")]
    private static partial Regex Counter();
}

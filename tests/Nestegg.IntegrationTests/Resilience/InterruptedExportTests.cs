using System.Security.Cryptography;
using Nestegg.TestKit;

namespace Nestegg.IntegrationTests.Resilience;

/// <summary>An export that is ended in the middle, again and again, into the same folder.</summary>
public sealed class InterruptedExportTests(SharedServers servers)
{
    private const int Files = 1500;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_export_that_is_ended_at_any_moment_goes_on_where_it_was()
    {
        var postgres = await servers.PostgresAsync(Token);
        using var folder = new TemporaryFolder();
        var ada = await BulkSnapshot.CreateAsync(postgres, folder, Files, number => 20_000 + (number * 97 % 100_000), Token);
        await CliProcess.ExpectAsync(ExitCode.Done, Token, BulkSnapshot.ExportArguments(ada, folder, "whole"));
        var whole = Tree(folder["whole"]);
        Assert.True(whole.Count > Files);

        var (interrupted, random) = (0, new Random(17));
        string[] signals = ["KILL", "TERM", "INT"];
        for (var delayMs = 400; ; delayMs += random.Next(150))
        {
            await using var export = CliProcess.Start(BulkSnapshot.ExportArguments(ada, folder, "photos"));
            await Task.Delay(delayMs, Token);
            await export.SignalAsync(signals[interrupted % signals.Length], Token);
            var end = await export.EndAsync(Token);
            if (end.ExitCode == ExitCode.Done)
            {
                break;
            }

            interrupted++;
            Assert.True((int)end.ExitCode is 130 or 137 or 143, $"exit code {(int)end.ExitCode} after {delayMs} ms\n{end.Out}{end.Error}");

            // What stands under its name is whole, whatever the moment was.
            var sofar = Directory.Exists(folder["photos"]) ? Tree(folder["photos"]) : [];
            Assert.All(sofar.Where(
                file => !file.Key.Contains("/.meta/", StringComparison.Ordinal)), file => Assert.Equal(whole[file.Key], file.Value));
            Assert.True(interrupted < 100, "it does not get to its end");
        }

        Assert.InRange(interrupted, 2, 100);
        Assert.Equal(whole, Tree(folder["photos"]));
        Assert.Empty(Directory.GetFiles(Path.Combine(folder["photos"], ".nestegg", "tmp")));
    }

    /// <summary>Path → SHA-256, without what the export keeps for itself.</summary>
    private static SortedDictionary<string, string> Tree(string root)
    {
        var tree = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var path in Directory.EnumerateFiles(root, "*", SearchOption.AllDirectories))
        {
            var name = "/" + Path.GetRelativePath(root, path);
            if (!name.StartsWith("/.nestegg/", StringComparison.Ordinal))
            {
                tree.Add(name, Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(path))));
            }
        }

        return tree;
    }
}

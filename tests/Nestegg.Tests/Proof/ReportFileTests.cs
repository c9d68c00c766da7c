using Nestegg.Audit;
using Nestegg.Cli.Commands;
using Nestegg.Cli.Terminal;
using Nestegg.TestKit;
using Nestegg.TestKit.Instances;

namespace Nestegg.Tests.Proof;

/// <summary>Files that a command writes beside its result.</summary>
public sealed class ReportFileTests(ProvedInstances repositories) : IClassFixture<ProvedInstances>
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("prove", "--report")]
    [InlineData("audit", "--csv")]
    public async Task A_report_or_a_table_that_cannot_be_written_is_known_before_the_work(string command, string option)
    {
        var proved = await repositories.OpenAsync(KnownInstances.Sample);
        string[] person = command == "prove" ? ["--user", proved.Instance["t1"][Role.Owner].Email] : [];
        foreach (var path in new[] { "no/such/folder/file", ".", "/dev/full" })
        {
            var run = await proved.RunAsync([command, .. person, "--identity", "identity.txt", option, path]);
            Assert.Equal(ExitCode.BadInput, run.Code);
            Assert.Contains("cannot be written: ", run.Output);
            Assert.DoesNotContain(run.Events, line => line.GetProperty("event").GetString() is "step" or "progress");
        }
    }

    [Fact]
    public async Task A_report_that_fails_in_the_end_costs_neither_the_proof_nor_its_place_in_the_repository()
    {
        await using var disk = await SmallDisk.TryMountAsync("size=128k", Token);
        Assert.SkipUnless(disk is not null, "mounting is not allowed here");
        var proved = await repositories.OpenAsync(KnownInstances.Sample);
        var report = Path.Combine(disk.Path, "report.html");
        await File.WriteAllTextAsync(report, "an earlier one", Token);
        disk.Fill();

        var run = await proved.ProveAsync("t2", Role.Keeper, "--report", report);

        Assert.Equal(ExitCode.Incomplete, run.Code);
        Assert.True(run.Summary.GetProperty("kept").GetBoolean());
        var finding = Assert.Single(run.Findings, found => found.GetProperty("code").GetString() == "report-not-written");
        Assert.EndsWith("could not be written: the disk is full", finding.GetProperty("message").GetString());
    }

    [Fact]
    public async Task A_table_that_fails_in_the_middle_costs_no_audit()
    {
        await using var disk = await SmallDisk.TryMountAsync("size=128k", Token);
        Assert.SkipUnless(disk is not null, "mounting is not allowed here");
        var (output, error) = (new StringWriter(), new StringWriter());
        var host = new CommandHost
        {
            Out = output, Error = error, Environment = new Dictionary<string, string>(), WorkingFolder = disk.Path,
        };
        using var events = new Output(host, isJson: false, isQuiet: false);
        using var report = new AuditReport(events, Path.Combine(disk.Path, "findings.csv"));
        disk.Fill();
        for (var i = 0; i < 200; i++)
        {
            report.Report(new FindingEvent(new Finding("row-wrong", Severity.Warning, $"row {i}", "it is not as it should be")));
        }

        var counts = new SortedDictionary<string, long> { ["row-wrong"] = 200 };
        var code = report.Finish(new AuditResult(new AuditCounts(), 0, 200, counts, []), isLive: false);

        Assert.Equal(ExitCode.Incomplete, code);
        Assert.Contains("row-wrong, 200 found", output.ToString());
        Assert.Contains("findings.csv, which could not be written: the disk is full", output.ToString());
    }
}

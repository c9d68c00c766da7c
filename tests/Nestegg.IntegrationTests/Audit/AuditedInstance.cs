using Nestegg.TestKit.Instances;

namespace Nestegg.IntegrationTests.Audit;

/// <summary>A known instance on real servers and a repository beside it, to be harmed and then audited, live and as a snapshot.</summary>
internal sealed class AuditedInstance : IDisposable
{
    private AuditedInstance(RunningInstance instance) => Instance = instance;

    public RunningInstance Instance { get; }

    /// <summary>What must be in it, until a test harms it.</summary>
    public KnownMoment Moment => Instance.Moment;

    public static async Task<AuditedInstance> StartAsync(
        KnownInstances instances, string name, string moment, SharedServers servers, CancellationToken cancellationToken) =>
        new(await instances.StartAsync(name, moment, servers, cancellationToken));

    private string[] LiveArguments => ["audit", "--json", "--config", Instance.ConfigurationPath];

    private string[] SnapshotArguments =>
        ["audit", "--json", "--snapshot", "latest", "--identity", Instance.IdentityPath, "--repository", Instance.RepositoryFolder];

    public Task<Cli> LiveAsync(ExitCode expected, CancellationToken cancellationToken, params string[] more) =>
        Cli.ExpectAsync(expected, cancellationToken, [.. LiveArguments, .. more]);

    /// <summary>The same, whatever comes of it.</summary>
    public async Task<Cli> LiveAnyAsync(CancellationToken cancellationToken) =>
        Completed(await Cli.RunAsync(cancellationToken, LiveArguments));

    public async Task<Cli> SnapshotAnyAsync(CancellationToken cancellationToken)
    {
        await Cli.RunAsync(cancellationToken, "backup", "--quiet", "--config", Instance.ConfigurationPath);
        return Completed(await Cli.RunAsync(cancellationToken, SnapshotArguments));
    }

    /// <summary>Backs up what is there and audits that.</summary>
    public async Task<Cli> SnapshotAsync(ExitCode expected, CancellationToken cancellationToken)
    {
        await Cli.RunAsync(cancellationToken, "backup", "--quiet", "--config", Instance.ConfigurationPath);
        return await Cli.ExpectAsync(expected, cancellationToken, SnapshotArguments);
    }

    /// <summary>Errors and warnings of both, which have to be the same but for what only one of them can see.</summary>
    public async Task<IReadOnlyList<string>> FindingsAsync(ExitCode expected, CancellationToken cancellationToken)
    {
        var live = Findings(await LiveAsync(expected, cancellationToken));
        Assert.Equal(live, Findings(await SnapshotAsync(expected, cancellationToken)));
        return live;
    }

    public static IReadOnlyList<string> Findings(Cli run) =>
    [
        .. run.Events().Where(line => line.GetProperty("event").GetString() == "finding")
            .Select(line => $"{line.GetProperty("code")} {line.GetProperty("subject")}").Order(StringComparer.Ordinal),
    ];

    public void Dispose() => Instance.Dispose();

    private static Cli Completed(Cli run)
    {
        Assert.True(run.ExitCode is ExitCode.Done or ExitCode.Incomplete, run.Out + run.Error);
        return run;
    }
}

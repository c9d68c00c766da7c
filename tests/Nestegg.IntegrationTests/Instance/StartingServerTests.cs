using Nestegg.IntegrationTests.Restore;
using Nestegg.Restore;
using Nestegg.TestKit;
using Nestegg.TestKit.Instances;
using Nestegg.TestKit.Servers;

namespace Nestegg.IntegrationTests.Instance;

/// <summary>A PostgreSQL that takes connections and is still starting: a real one, in a recovery that a test holds up.</summary>
public sealed class StartingServerTests(SharedServers servers, KnownInstances instances) : IAsyncLifetime
{
    private PostgresServer postgres = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        Assert.SkipUnless(PostgresServer.MissingReason is null, PostgresServer.MissingReason ?? "");
        postgres = await PostgresServer.StartAsync(Token);
    }

    public async ValueTask DisposeAsync()
    {
        if (postgres is not null)
        {
            await postgres.DisposeAsync();
        }
    }

    [Fact]
    public async Task A_doctor_waits_for_it_and_says_so_once()
    {
        await using var store = await EmbeddedStore.StartAsync(Token);
        using var instance = await DoctorInstance.CreateAsync(postgres, store, Token);
        var start = new Start(await postgres.StayInStartAsync(Token));

        var (codes, result) = await instance.ExamineAsync(Token, events: start.Events);

        Assert.Empty(codes);
        Assert.Contains(result.Findings, finding => finding.Code == "database-ok");
        Assert.StartsWith("waiting up to 20 seconds for PostgreSQL to start (postgres:5432/", Assert.Single(start.Waits));
    }

    [Fact]
    public async Task A_doctor_does_not_wait_for_ever()
    {
        await using var store = await EmbeddedStore.StartAsync(Token);
        using var instance = await DoctorInstance.CreateAsync(postgres, store, Token);
        await postgres.StayInStartAsync(Token);
        var time = StillTime.Off(TimeSpan.Zero);
        var isTold = new TaskCompletionSource();
        var start = new Start(isTold.SetResult);

        var looking = instance.ExamineAsync(Token, time: time, events: start.Events);
        await isTold.Task.WaitAsync(TimeSpan.FromMinutes(1), Token);
        while (!start.HasFound("database-login-refused"))
        {
            time.Advance(TimeSpan.FromMilliseconds(500));
            await Task.Delay(10, Token);
        }

        var refused = Assert.Single((await looking).Result.Findings, finding => finding.Code == "database-login-refused");
        Assert.Equal("the server refuses: the database system is starting up", refused.Message);
        Assert.Equal("the server is starting; try again in a moment", refused.Hint);
    }

    [Fact]
    public async Task A_restore_waits_for_it()
    {
        using var snapshot = await KnownSnapshot.CreateAsync((await instances.OpenAsync(KnownInstances.Sample, Token))["t1"], Token);
        using var target = await NewInstance.CreateAsync(servers, snapshot.Moment, Token, postgres: postgres);
        var start = new Start(await postgres.StayInStartAsync(Token));

        await using var run = await RestoreRun.OpenAsync(
            new RestoreSource(snapshot.Repository, snapshot.Manifest, [snapshot.Sample.Identity]), target.Options, TimeProvider.System,
            new RunLog(start.Events), Token);
        var plan = await run.PlanAsync(Token);

        Assert.Empty(plan.Refusals);
        Assert.Equal(DatabaseAction.Fill, plan.Database.Action);
        Assert.StartsWith("waiting up to 60 seconds for PostgreSQL to start (postgres:5432/", Assert.Single(start.Waits));
    }

    /// <summary>What is said of the start, and what happens when it is first said.</summary>
    private sealed class Start
    {
        private readonly Lock gate = new();
        private readonly HashSet<string> codes = [];

        public Start(Action atFirstWait) => Events = new RunEvents(each =>
        {
            lock (gate)
            {
                if (each is FindingEvent found)
                {
                    codes.Add(found.Finding.Code);
                }
                else if (each is StepEvent { Step: "services" } step)
                {
                    Waits.Add(step.Text);
                    if (Waits.Count == 1)
                    {
                        atFirstWait();
                    }
                }
            }
        });

        public RunEvents Events { get; }

        public List<string> Waits { get; } = [];

        public bool HasFound(string code)
        {
            lock (gate)
            {
                return codes.Contains(code);
            }
        }
    }
}

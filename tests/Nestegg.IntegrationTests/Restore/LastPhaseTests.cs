using Nestegg.Restore;
using Nestegg.TestKit;
using Nestegg.TestKit.Instances;

namespace Nestegg.IntegrationTests.Restore;

/// <summary>A restore that is ended at each thing that it says from its last object on, and the same command after it.</summary>
public sealed class LastPhaseTests(SharedServers servers, KnownInstances instances)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Ended_anywhere_after_the_objects_it_goes_on_and_ends_as_if_it_had_not_been_ended()
    {
        using var snapshot = await KnownSnapshot.CreateAsync((await instances.OpenAsync(KnownInstances.Sample, Token))["t1"], Token);
        using var target = await NewInstance.CreateAsync(servers, snapshot.Moment, Token);
        var ended = 0;
        while (!await TryAsync(target, snapshot, words: ++ended))
        {
            await target.UntilNobodyIsConnectedAsync(Token);
            Assert.Equal(DatabaseAction.Continue, (await target.PlanAsync(snapshot, Token)).Database.Action);
            Assert.True(ended < 200);
        }

        Assert.True(ended > 3, $"ended {ended} times");
        var plan = await target.PlanAsync(snapshot, Token);
        Assert.Equal((DatabaseAction.Continue, RestoreStep.Finished), (plan.Database.Action, plan.Database.State!.Marker!.Step));
        Assert.Equal(0, (await target.RestoreAsync(snapshot, Token)).Objects.Written);
        await NewInstance.AssertTablesAsync(target, snapshot.Moment, Token);
    }

    [Fact]
    public async Task The_remark_that_a_dump_brings_is_not_taken_for_this_restore_s()
    {
        using var snapshot = await KnownSnapshot.CreateAsync((await instances.OpenAsync(KnownInstances.Sample, Token))["t1"], Token);
        using var target = await NewInstance.CreateAsync(servers, snapshot.Moment, Token);
        await target.RestoreAsync(snapshot, Token);
        await target.ExecuteAsync(
            "COMMENT ON TABLE users IS 'restored by nestegg: repository a, snapshot b, begun 2026-01-01T00:00:00.0000000Z'", Token);
        await target.UntilNobodyIsConnectedAsync(Token);
        var plan = await target.PlanAsync(snapshot, Token);
        Assert.Equal(DatabaseAction.Refuse, plan.Database.Action);
        Assert.Contains("is not empty", plan.Refusals[0].Message);
    }

    /// <returns>Whether it came to its end before it had said so much after the last object.</returns>
    private static async Task<bool> TryAsync(NewInstance target, KnownSnapshot snapshot, int words)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var (count, isAfterObjects) = (0, false);
        var log = new RunLog(new RunEvents(said =>
        {
            isAfterObjects |= said is StepEvent { Step: "audit" };
            if (isAfterObjects && ++count == words)
            {
                end.Cancel();
            }
        }));
        try
        {
            await target.RestoreAsync(snapshot, end.Token, log: log);
            return count < words;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }
}

using Nestegg.TestKit;

namespace Nestegg.Tests;

public class RunLogTests
{
    [Fact]
    public void Every_finding_is_counted_and_only_the_first_of_each_code_are_kept()
    {
        var events = 0;
        var log = new RunLog(new RunEvents(_ => events++));
        for (var i = 0; i < RunLog.KeptOfEachCode + 500; i++)
        {
            log.Find("object-missing", Severity.Error, $"1/{i}", "It is missing.");
        }

        log.Find("slow", Severity.Warning, "bucket", "It is slow.");

        Assert.Equal(RunLog.KeptOfEachCode + 501, events);
        Assert.Equal((RunLog.KeptOfEachCode + 500L, 1L, 0L), (log.Errors, log.Warnings, log.Count(Severity.Note)));
        Assert.Equal(RunLog.KeptOfEachCode + 1, log.Findings.Count);
        Assert.Equal("slow", log.Findings[^1].Code);
        Assert.Equal(
            [("object-missing", RunLog.KeptOfEachCode + 500L), ("slow", 1L)], log.CountsByCode.Select(count => (count.Key, count.Value)));
    }

    [Fact]
    public async Task Many_tasks_say_one_thing_at_a_time()
    {
        var (inside, most, events) = (0, 0, 0);
        var log = new RunLog(new RunEvents(_ =>
        {
            most = Math.Max(most, Interlocked.Increment(ref inside));
            events++;
            Interlocked.Decrement(ref inside);
        }));
        var part = log.OfPart();
        await Task.WhenAll(Enumerable.Range(0, 8).Select(task => Task.Run(() =>
        {
            for (var i = 0; i < 2000; i++)
            {
                (task % 2 == 0 ? log : part).Find($"code-{i % 3}", Severity.Note, "subject", "message");
                log.Progress("objects", i, 2000);
            }
        })));

        Assert.Equal((1, 32_000), (most, events));
        Assert.Equal((8000L, 8000L), (log.Count(Severity.Note), part.Count(Severity.Note)));
    }

    [Fact]
    public void Only_damage_of_the_repository_becomes_a_finding()
    {
        var log = new RunLog(new RunEvents());
        Assert.False(log.TryFindDamage(new NesteggException(FailureKind.OutOfReach, "no answer", ""), "pack-damaged", "packs/1"));
        Assert.True(log.TryFindDamage(new NesteggException(FailureKind.Damaged, "another hash", "look"), "pack-damaged", "packs/1"));
        Assert.Equal(new Finding("pack-damaged", Severity.Error, "packs/1", "another hash", "look"), Assert.Single(log.Findings));
    }
}

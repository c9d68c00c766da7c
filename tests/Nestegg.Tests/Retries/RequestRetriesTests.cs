using System.Net.Http.Headers;
using CsCheck;
using Nestegg.Ente.Retries;
using Nestegg.TestKit;

namespace Nestegg.Tests.Retries;

public sealed class RequestRetriesTests
{
    private static readonly TimeSpan[] Pauses = [TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(25)];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>What a server does when it is asked: succeeds, fails in a way that passes, or refuses for good.</summary>
    private enum Step
    {
        Success,
        Final,
        Passing,
    }

    [Fact]
    public Task Any_run_of_answers_is_followed_to_its_first_success_its_first_refusal_or_the_end_of_patience() =>
        Gen.Select(Gen.Int[0, 3].Select(any => (Step)Math.Min(any, 2)).Array[8], Gen.Int[0, 4]).SampleAsync(async (script, mostRetries) =>
        {
            var time = new TestTime(haste: 1_000_000);
            var asked = 0;
            var outcome = await OutcomeAsync(Retries(time, mostRetries), () => script[asked++]);

            var passing = script.TakeWhile(step => step == Step.Passing).Count();
            var expectedAttempts = Math.Min(passing, Math.Min(mostRetries, Pauses.Length)) + 1;
            Assert.Equal(expectedAttempts, asked);
            Assert.Equal(script[asked - 1], outcome);
            Assert.Equal(expectedAttempts - 1, time.Pauses.Count);
            Assert.All(time.Pauses.Zip(Pauses), pause => Assert.InRange(pause.First, pause.Second * 0.75, pause.Second * 1.25));
        }, iter: 200);

    [Theory]
    [InlineData("2", 2)]
    [InlineData("59", 59)]
    [InlineData("0", 1)]
    [InlineData("3600", 60)]
    public async Task A_server_is_not_asked_again_before_it_wants_to_be_but_nobody_waits_for_an_hour(string header, double seconds)
    {
        var time = new TestTime(haste: 1_000_000);
        var retryAfter = RetryConditionHeaderValue.Parse(header);
        var asked = 0;
        await OutcomeAsync(Retries(time, Pauses.Length, retryAfter), () => asked++ == 0 ? Step.Passing : Step.Success);
        var least = header == "0" ? 0.75 : 1;
        Assert.InRange(Assert.Single(time.Pauses).TotalSeconds, seconds * least, seconds * 1.25);
    }

    [Fact]
    public async Task A_time_to_be_asked_again_is_told_by_the_clock_that_waits()
    {
        var time = new TestTime(TimeSpan.FromDays(400), haste: 1_000_000);
        var asked = 0;
        var retryAfter = new RetryConditionHeaderValue(time.GetUtcNow().AddSeconds(30));
        await OutcomeAsync(Retries(time, Pauses.Length, retryAfter), () => asked++ == 0 ? Step.Passing : Step.Success);
        Assert.InRange(Assert.Single(time.Pauses).TotalSeconds, 20, 38);
    }

    [Fact]
    public async Task Pauses_differ_so_that_many_workers_do_not_come_back_at_once()
    {
        var time = new TestTime(haste: 1_000_000);
        var retries = Retries(time, 1);
        await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => OutcomeAsync(retries, () => Step.Passing)));
        Assert.InRange(time.Pauses.Distinct().Count(), 5, 20);
    }

    [Fact]
    public async Task Cancelling_ends_a_pause_at_once_and_asks_nothing_more()
    {
        using var cancelled = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var asked = 0;
        var rules = new RetryRules([TimeSpan.FromDays(10)], _ => new PassingFailure(1, null));
        var run = new RequestRetries(rules, TimeProvider.System).RunAsync<int>(_ =>
        {
            asked++;
            cancelled.CancelAfter(TimeSpan.FromMilliseconds(50));
            throw new TimeoutException();
        }, Timeout.InfiniteTimeSpan, cancelled.Token);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run);
        Assert.Equal(1, asked);
    }

    [Fact]
    public async Task Cancelling_is_not_mistaken_for_a_broken_connection_that_follows_from_it()
    {
        using var cancelled = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var run = Retries(TimeProvider.System, Pauses.Length).RunAsync<int>(async stop =>
        {
            await cancelled.CancelAsync();
            await Task.Delay(Timeout.Infinite, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            throw new IOException("the connection was closed");
        }, TimeSpan.FromMinutes(1), cancelled.Token);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run);
    }

    [Fact]
    public async Task An_attempt_that_takes_too_long_counts_as_one_that_failed()
    {
        var asked = 0;
        var slow = Retries(new TestTime(haste: 1000, limits: 300), Pauses.Length).RunAsync(async stop =>
        {
            if (asked++ < 2)
            {
                await Task.Delay(Timeout.Infinite, stop);
            }

            return asked;
        }, TimeSpan.FromSeconds(60), Token);
        Assert.Equal(3, await slow);
    }

    private static RequestRetries Retries(TimeProvider time, int mostRetries, RetryConditionHeaderValue? retryAfter = null) =>
        new(
            new RetryRules(Pauses, outcome => outcome.Exception is TimeoutException ? new PassingFailure(mostRetries, retryAfter) : null),
            time);

    private static async Task<Step> OutcomeAsync(RequestRetries retries, Func<Step> answer)
    {
        try
        {
            return await retries.RunAsync((next, _) => next() switch
            {
                Step.Success => ValueTask.FromResult(Step.Success),
                Step.Passing => throw new TimeoutException(),
                _ => throw new InvalidOperationException(),
            }, answer, Token);
        }
        catch (TimeoutException)
        {
            return Step.Passing;
        }
        catch (InvalidOperationException)
        {
            return Step.Final;
        }
    }
}

namespace Nestegg.Tests;

public sealed class FailureStreakTests
{
    [Fact]
    public void Twenty_in_a_row_end_a_run_with_the_words_of_the_last()
    {
        var streak = new FailureStreak();
        for (var number = 1; number < FailureStreak.Limit; number++)
        {
            streak.Add("files in a row could not be read", $"file {number}", "");
            Assert.False(streak.IsTooLong);
        }

        var ended = Assert.Throws<NesteggException>(() => streak.Add("files in a row could not be read", "the disk is gone", "mount it"));
        Assert.Equal((FailureKind.OutOfReach, "mount it"), (ended.Kind, ended.Hint));
        Assert.Equal("20 files in a row could not be read; the last: the disk is gone", ended.Message);
        Assert.True(streak.IsTooLong);
    }

    [Fact]
    public void One_that_does_not_fail_begins_the_count_anew()
    {
        var streak = new FailureStreak();
        for (var number = 1; number <= 10 * FailureStreak.Limit; number++)
        {
            streak.Add("files in a row could not be read", "why", "what");
            Assert.True(streak.HasBegun);
            if (number % (FailureStreak.Limit - 1) == 0)
            {
                streak.End();
                Assert.False(streak.HasBegun || streak.IsTooLong);
            }
        }
    }

    [Fact]
    public void Failures_of_many_tasks_at_once_are_all_counted()
    {
        var streak = new FailureStreak();
        var ended = 0;
        Parallel.For(0, 1000, _ =>
        {
            try
            {
                streak.Add("objects in a row could not be read", "why", "what");
            }
            catch (NesteggException)
            {
                Interlocked.Increment(ref ended);
            }
        });
        Assert.Equal(1000 - (FailureStreak.Limit - 1), ended);
    }
}

namespace Nestegg.Benchmarks.SideBySide;

/// <summary>One way to do a job.</summary>
/// <param name="Name">What it is called in the table.</param>
/// <param name="Command">Run by bash under a clock.</param>
/// <param name="Prepare">Run by bash before, without a clock; empty for nothing.</param>
internal sealed record Contender(string Name, string Command, string Prepare = "");

/// <summary>A job that several programs do, and what ours must reach.</summary>
/// <param name="Job">What it is, for the table.</param>
/// <param name="Contenders">The first is ours.</param>
internal sealed record Race(string Job, params IReadOnlyList<Contender> Contenders)
{
    /// <summary>For another contender, or a sum of them with a plus between: the ratio of times that ours must not exceed.</summary>
    public IReadOnlyList<(string Against, double Ratio)> Goals { get; init; } = [];

    /// <summary>What ours must not exceed, whatever the others do.</summary>
    public double? GoalSeconds { get; init; }

    public double? GoalMegabytes { get; init; }

    /// <summary>Takes so long that it is run once, without a warm-up.</summary>
    public bool IsLong { get; init; }

    /// <summary>Runs all, in turn, round by round; one round before them does not count.</summary>
    public async Task<RaceResult> RunAsync(int rounds, BenchStand stand)
    {
        var costs = Contenders.ToDictionary(contender => contender.Name, _ => new List<Cost>());
        var (first, last) = IsLong ? (1, 1) : (0, rounds);
        for (var round = first; round <= last; round++)
        {
            foreach (var contender in Contenders)
            {
                if (contender.Prepare.Length > 0)
                {
                    await stand.RunAsync(contender.Prepare);
                }

                var cost = await stand.RunAsync(contender.Command);
                Console.Error.WriteLine(
                    $"{Job}, {(round == 0 ? "warm-up" : $"round {round}")}: {contender.Name} {cost.WallSeconds:0.00} s, {cost.CpuSeconds:0.00} s CPU, {cost.PeakMegabytes:0} MB");
                if (round > 0)
                {
                    costs[contender.Name].Add(cost);
                }
            }
        }

        return new RaceResult(
            this, costs.ToDictionary(entry => entry.Key, entry => (IReadOnlyList<Cost>)entry.Value), await stand.StoredAsync());
    }
}

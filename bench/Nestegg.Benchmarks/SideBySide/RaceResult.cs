using System.Text;

namespace Nestegg.Benchmarks.SideBySide;

/// <summary>The costs of all rounds, as the table that goes into docs/performance.md.</summary>
/// <param name="Stored">What lies in the folders of the programs afterwards, in bytes.</param>
internal sealed record RaceResult(
    Race Race, IReadOnlyDictionary<string, IReadOnlyList<Cost>> Costs, IReadOnlyDictionary<string, long> Stored)
{
    public double OursSeconds => Median(Walls(Ours));

    public double OursMegabytes => Costs[Ours].Max(cost => cost.PeakMegabytes);

    private string Ours => Race.Contenders[0].Name;

    public string ToMarkdown()
    {
        var text = new StringBuilder(
            $"### {Race.Job}\n\n| | wall s (min … max) | CPU s | peak MB | busy cores of the machine | ours / it "
            + $"|\n|---|---|---|---|---|---|\n");
        foreach (var contender in Race.Contenders)
        {
            var walls = Walls(contender.Name);
            text.Append(
                $"| {contender.Name} | {Median(walls):0.00} ({walls.Min():0.00} … {walls.Max():0.00}) | {Median([.. Costs[contender.Name].Select(cost => cost.CpuSeconds)]):0.00} ")
                .Append(
                    $"| {Costs[contender.Name].Max(cost => cost.PeakMegabytes):0} | {Median([.. Costs[contender.Name].Select(cost => cost.BusyCores)]):0.0} | {(contender.Name == Ours ? "" : $"{Ratio(contender.Name):0.00}")} |\n");
        }

        foreach (var (against, goal) in Race.Goals)
        {
            Goal(text, $"{goal:0.00} × {against}", Ratio(against), goal);
        }

        if (Race.GoalSeconds is { } seconds)
        {
            Goal(text, $"{seconds:0.00} s", OursSeconds, seconds);
        }

        if (Race.GoalMegabytes is { } megabytes)
        {
            Goal(text, $"{megabytes:0} MB", OursMegabytes, megabytes);
        }

        if (Stored.Count > 0)
        {
            text.Append($"\nStored: {string.Join(", ", Stored.Select(folder => $"{folder.Key} {folder.Value / 1e6:N0} MB"))}.\n");
        }

        return text.Append('\n').ToString();
    }

    private static void Goal(StringBuilder text, string goal, double measured, double limit) =>
        text.Append($"\nGoal: at most {goal}. Measured {measured:0.00}: {(measured <= limit ? "reached" : "missed")}.\n");

    private double[] Walls(string name) => [.. Costs[name].Select(cost => cost.WallSeconds)];

    /// <summary>The median, over the rounds, of ours against the other (or the sum of several) of the same round.</summary>
    private double Ratio(string against)
    {
        var ours = Costs[Race.Contenders[0].Name];
        var others = against.Split(" + ").Select(name => Costs[name]).ToArray();
        return Median([.. ours.Select((cost, round) => cost.WallSeconds / others.Sum(other => other[round].WallSeconds))]);
    }

    private static double Median(double[] values)
    {
        var sorted = values.Order().ToArray();
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }
}

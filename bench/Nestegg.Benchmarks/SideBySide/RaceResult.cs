using System.Text;

namespace Nestegg.Benchmarks.SideBySide;

/// <summary>The costs of all rounds, as the table that goes into docs/performance.md.</summary>
internal sealed record RaceResult(Race Race, IReadOnlyDictionary<string, IReadOnlyList<Cost>> Costs)
{
    public string ToMarkdown()
    {
        var ours = Race.Contenders[0].Name;
        var text = new StringBuilder($"### {Race.Job}\n\n| | wall s (min … max) | CPU s | peak MB | ours / it |\n|---|---|---|---|---|\n");
        foreach (var contender in Race.Contenders)
        {
            var walls = Costs[contender.Name].Select(cost => cost.WallSeconds).ToArray();
            text.Append($"| {contender.Name} | {Median(walls):0.00} ({walls.Min():0.00} … {walls.Max():0.00}) | {Median([.. Costs[contender.Name].Select(cost => cost.CpuSeconds)]):0.00} ")
                .Append($"| {Costs[contender.Name].Max(cost => cost.PeakMegabytes):0} | {(contender.Name == ours ? "" : $"{Ratio(contender.Name):0.00}")} |\n");
        }

        foreach (var (against, goal) in Race.Goals)
        {
            var ratio = Ratio(against);
            text.Append($"\nGoal: at most {goal:0.00} × {against}. Measured {ratio:0.00}: {(ratio <= goal ? "reached" : "missed")}.\n");
        }

        return text.Append('\n').ToString();
    }

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

using System.IO.Hashing;
using System.Text;

namespace Nestegg.Checks;

/// <summary>Says of each stored file whether this run reads it, by a hash of its name.</summary>
internal sealed class ReadSelection
{
    private const uint PercentSteps = 1_000_000;

    private readonly uint steps;
    private readonly uint first;
    private readonly uint length;

    private ReadSelection(uint steps, uint first, uint length) => (this.steps, this.first, this.length) = (steps, first, length);

    /// <summary>The part of this run in words; empty when everything or nothing is read.</summary>
    public string Description { get; private init; } = "";

    public bool ReadsAnything => length > 0;

    /// <summary>What is to be remembered when the run has come to its end.</summary>
    public Action<CheckMemory> Remember { get; private init; } = _ => { };

    public static ReadSelection Of(ReadScope scope, CheckMemory memory, TimeProvider time, Random random) => scope switch
    {
        ReadScope.Part part => OfPart(part),
        ReadScope.NextPart next => OfPart(new ReadScope.Part(memory.NextPart(next.Count, time), next.Count)),
        ReadScope.Percent percent => OfPercent(percent.Value, memory.NextStep ?? (uint)random.Next((int)PercentSteps)),
        _ => new ReadSelection(1, 0, 0),
    };

    /// <param name="key">The file's key in the repository.</param>
    public bool Includes(string key)
    {
        var place = (uint)(XxHash3.HashToUInt64(Encoding.UTF8.GetBytes(key)) % steps);
        return (place + steps - first) % steps < length;
    }

    private static ReadSelection OfPart(ReadScope.Part part) =>
        part.Count == 1 ? new(1, 0, 1) : new((uint)part.Count, (uint)part.Number - 1, 1)
        {
            Description = $"part {part.Number} of {part.Count}",
            Remember = memory => memory.Remember(part),
        };

    // The hashes are a circle, of which each run reads the next piece; the last one may reach beyond where the first one began.
    private static ReadSelection OfPercent(double percent, uint first)
    {
        var length = (uint)Math.Ceiling(percent / 100 * PercentSteps);
        return new ReadSelection(PercentSteps, first % PercentSteps, length)
        {
            Description = $"the next {percent}%",
            Remember = memory => memory.NextStep = (first + length) % PercentSteps,
        };
    }
}

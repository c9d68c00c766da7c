using System.IO.Hashing;
using System.Text;

namespace Nestegg.Checks;

/// <summary>Says of each stored file whether this run reads it, by a hash of its name.</summary>
internal sealed class ReadSelection
{
    private const int PercentSteps = 1_000_000;

    private readonly long seed;
    private readonly ulong count;
    private readonly ulong first;
    private readonly ulong last;

    private ReadSelection(long seed, ulong count, ulong first, ulong last) =>
        (this.seed, this.count, this.first, this.last) = (seed, count, first, last);

    /// <summary>The part of this run in words; empty when everything or nothing is read.</summary>
    public string Description { get; private init; } = "";

    /// <summary>The part that the run reads, to be remembered; <see langword="null"/> when it is not one of a series.</summary>
    public ReadScope.Part? Part { get; private init; }

    public bool ReadsAnything => last > first;

    public static ReadSelection Of(ReadScope scope, CheckMemory memory, TimeProvider time, Random random) => scope switch
    {
        ReadScope.Part part => OfPart(part),
        ReadScope.NextPart next => OfPart(new ReadScope.Part(memory.NextPart(next.Count, time), next.Count)),
        ReadScope.Percent percent => new ReadSelection(random.NextInt64(), PercentSteps, 0, (ulong)Math.Ceiling(percent.Value / 100 * PercentSteps))
        {
            Description = $"a random {percent.Value}%",
        },
        _ => new ReadSelection(0, 1, 0, 0),
    };

    /// <param name="key">The file's key in the repository.</param>
    public bool Includes(string key)
    {
        var place = XxHash3.HashToUInt64(Encoding.UTF8.GetBytes(key), seed) % count;
        return place >= first && place < last;
    }

    private static ReadSelection OfPart(ReadScope.Part part) => new(0, (ulong)part.Count, (ulong)part.Number - 1, (ulong)part.Number)
    {
        Part = part.Count > 1 ? part : null,
        Description = part.Count > 1 ? $"part {part.Number} of {part.Count}" : "",
    };
}

using System.Diagnostics;
using System.Globalization;

namespace Nestegg.Tests.Fuzzing;

/// <summary>
/// Runs a target with one source of chance after another: a fixed number of times in every test run, for a minute with
/// NESTEGG_LONG_TESTS=1, and for as long as NESTEGG_FUZZ_SECONDS says. A failure names its seed, and NESTEGG_FUZZ_SEED begins with it.
/// </summary>
internal static class Fuzz
{
    private const int LongSeconds = 60;

    public static async Task RunAsync(int runs, Func<Random, Task> target)
    {
        var seconds = Number("NESTEGG_FUZZ_SECONDS") ?? (Environment.GetEnvironmentVariable("NESTEGG_LONG_TESTS") == "1" ? LongSeconds : 0);
        var first = Number("NESTEGG_FUZZ_SEED") ?? Random.Shared.Next(int.MaxValue / 2);
        var began = Stopwatch.GetTimestamp();
        for (var run = 0; run < runs || Stopwatch.GetElapsedTime(began).TotalSeconds < seconds; run++)
        {
            try
            {
                await target(new Random(first + run));
            }
            catch (Exception failure)
            {
                throw new InvalidOperationException($"NESTEGG_FUZZ_SEED={first + run} fails: {failure.Message}", failure);
            }
        }
    }

    /// <summary>Changes, takes out, repeats and flips a few bytes.</summary>
    public static byte[] Mutate(byte[] valid, Random random)
    {
        var bytes = valid.ToList();
        for (var change = random.Next(1, 8); change > 0 && bytes.Count > 0; change--)
        {
            var at = random.Next(bytes.Count);
            switch (random.Next(4))
            {
                case 0: bytes[at] = (byte)random.Next(256); break;
                case 1: bytes.RemoveRange(at, Math.Min(random.Next(20), bytes.Count - at)); break;
                case 2: bytes.InsertRange(at, bytes.Skip(random.Next(bytes.Count)).Take(random.Next(50)).ToArray()); break;
                default: bytes[at] ^= (byte)(1 << random.Next(8)); break;
            }
        }

        return [.. bytes];
    }

    private static int? Number(string variable) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : null;
}

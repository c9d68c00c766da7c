using System.Globalization;

namespace Nestegg.Benchmarks.SideBySide;

/// <summary>The objects of a set, by number: their lengths are drawn from a seed, so that every run has the same.</summary>
/// <param name="Name">What it is called on the command line.</param>
/// <param name="FileBytes">Lengths of originals.</param>
/// <param name="ThumbnailBytes">Lengths of thumbnails, one for each original.</param>
/// <param name="DerivedBytes">Lengths of machine-learning data, for the first so many originals.</param>
internal sealed record DataSet(
    string Name, IReadOnlyList<int> FileBytes, IReadOnlyList<int> ThumbnailBytes, IReadOnlyList<int> DerivedBytes)
{
    public long Objects => FileBytes.Count + ThumbnailBytes.Count + DerivedBytes.Count;

    public long Bytes => FileBytes.Sum(size => (long)size) + ThumbnailBytes.Sum(size => (long)size) + DerivedBytes.Sum(size => (long)size);

    /// <summary>
    /// Whether the objects themselves are made; else only the database and the index are, because so many would not be ready the same day.
    /// </summary>
    public bool HasBytes { get; private init; } = true;

    /// <summary>
    /// Whether the objects are what the apps encrypt; else they are random bytes, which look the same to everything but a proof.
    /// </summary>
    public bool IsEncrypted => Name == "encrypted";

    public static DataSet Named(string name)
    {
        var random = new Random(20260701);
        return name switch
        {
            "ente-like" => new DataSet(
                name,
                [.. Draw(800, () => LogNormal(random, median: 1_900_000, sigma: 0.55)), .. Enumerable.Repeat(120_000_000, 4)],
                Draw(804, () => random.Next(15_000, 70_000)),
                Draw(800, () => random.Next(8_000, 45_000))),
            "small" =>
                new DataSet(name, Draw(20_000, () => random.Next(2_000, 60_000)), Draw(20_000, () => random.Next(2_000, 60_000)), []),
            "million" => new DataSet(name, Draw(500_000, () => random.Next(8, 32)), Draw(500_000, () => random.Next(8, 32)), []),
            "ten-million" => OfDatabase(10_000_000),
            "encrypted" => new DataSet(name, Draw(2000, () => LogNormal(random, median: 1_900_000, sigma: 0.55)), [], []),
            _ when int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var objects) => OfDatabase(objects),
            _ => throw new ArgumentException(
                $"there is no set {name}; there are ente-like, small, million, ten-million, encrypted, and any number of objects",
                nameof(name)),
        };
    }

    /// <summary>Only a database and an index of so many objects.</summary>
    public static DataSet OfDatabase(int objects) =>
        new($"{objects}", [.. Enumerable.Repeat(2_000_000, objects / 2)], [.. Enumerable.Repeat(40_000, objects / 2)], [])
        {
            HasBytes = false,
        };

    private static int[] Draw(int count, Func<int> next) => [.. Enumerable.Range(0, count).Select(_ => next())];

    // Median 1.9 MB and sigma 0.55 have a mean of 2.2 MB.
    private static int LogNormal(Random random, double median, double sigma)
    {
        var normal = Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
        return (int)(median * Math.Exp(sigma * normal));
    }
}

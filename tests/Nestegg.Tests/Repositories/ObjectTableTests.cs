using CsCheck;
using Nestegg.Repositories.Index;

namespace Nestegg.Tests.Repositories;

public class ObjectTableTests
{
    [Fact]
    public void It_says_what_a_dictionary_says() => Gen.Select(Gen.UInt, Gen.UInt, Gen.UInt[0, 1000]).List[0, 2000].Sample(entries =>
    {
        using var table = new ObjectTable();
        var expected = new Dictionary<(uint, uint), uint>();
        foreach (var (head, tail, row) in entries)
        {
            // Few different heads, so that places collide.
            table.Set(Hash(head % 64, tail % 8), row);
            expected[(head % 64, tail % 8)] = row;
        }

        for (var head = 0u; head < 64; head++)
        {
            for (var tail = 0u; tail < 8; tail++)
            {
                var isIn = table.TryGet(Hash(head, tail), out var row);
                if (isIn != expected.TryGetValue((head, tail), out var expectedRow) || (isIn && row != expectedRow))
                {
                    return false;
                }
            }
        }

        return table.Count == expected.Count;

        static UInt128 Hash(uint head, uint tail) => ((UInt128)head << 64) | tail;
    }, iter: 50);

    [Fact]
    public void A_million_objects_take_at_most_26_megabytes()
    {
        using var known = new KnownObjects();
        for (var i = 0; i < 1_000_000; i++)
        {
            known.Add(new IndexRow($"1/{i}", 0, i, default, null, 0));
        }

        Assert.Equal(1_000_000, known.Count);
        Assert.InRange(known.AllocatedBytes, 0, 26_000_000);
        for (var i = 0; i < 1_000_000; i += 997)
        {
            Assert.True(known.TryMark($"1/{i}", 0, i, out var size));
            Assert.Equal(i, size);
        }

        Assert.False(known.TryMark("1/1000000", 0, -1, out _));
        Assert.False(known.TryMark("1/5", 1, -1, out _));
        Assert.False(known.TryMark("1/5", 0, 6, out _));
    }

    [Fact]
    public void Room_that_was_made_is_enough()
    {
        using var table = new ObjectTable();
        table.Reserve(1_000_000);
        var made = table.AllocatedBytes;
        Assert.InRange(made, 16_000_000, 20_000_000);
        var random = new Random(5);
        var hashes = Enumerable.Range(0, 1_000_000).Select(_ => new UInt128((ulong)random.NextInt64(), (ulong)random.NextInt64()) << 1)
            .ToArray();
        for (var row = 0; row < hashes.Length; row++)
        {
            table.Set(hashes[row], (uint)row);
        }

        Assert.InRange(table.AllocatedBytes, made, made + (made / 50));
        Assert.All(Enumerable.Range(0, 1000), i => Assert.True(table.TryGet(hashes[i * 997], out var row) && row == i * 997));
    }

    [Fact]
    public void A_newer_row_takes_the_place_of_the_marked_one()
    {
        using var known = new KnownObjects();
        known.Add(new IndexRow("a", 0, 1, default, null, 0));
        known.EndFile("first", 10, default);
        known.Add(new IndexRow("a", 0, 2, default, null, 0));
        known.EndFile("second", 10, default);
        var (live, files) = known.Marked();
        Assert.Equal("second", Assert.Single(live.Files).Key);
        Assert.Equal(1, Assert.Single(files).Rows);
    }

    [Fact]
    public void Lengths_of_up_to_a_terabyte_are_kept() => Gen.Long[0, (1L << 40) - 1].List[0, 100].Sample(lengths =>
    {
        var sizes = new RowSizes();
        var rows = lengths.Select(sizes.Add).ToList();
        return rows.Select(row => sizes[row]).SequenceEqual(lengths);
    });
}

using System.Buffers.Binary;
using Nestegg.Repositories.Files;

namespace Nestegg.Repositories.Index;

/// <summary>
/// Where packs have which bytes, by what the repository's key has signed: for an object whose own place is gone or damaged, and which a
/// later run has stored again. Larger objects have one place, which their hash names. Takes some 35 bytes a row. When it is loaded it may
/// be asked by many tasks at once.
/// </summary>
internal sealed class PackedPlaces : IDisposable
{
    private readonly ObjectTable newest = new();
    private readonly List<Place> places = [];
    private readonly List<ObjectHash> packs = [];

    /// <param name="Before">Another place of the same bytes, counted from 1; 0 for none.</param>
    private readonly record struct Place(int Pack, uint Offset, int Before);

    /// <summary>Reads every index file that is signed.</summary>
    public static async Task<PackedPlaces> LoadAsync(IAsyncEnumerable<StoredIndex> files, CancellationToken cancellationToken)
    {
        var loaded = new PackedPlaces();
        try
        {
            await foreach (var file in files.WithCancellation(cancellationToken))
            {
                await using var reader = new IndexReader(file);
                while (await reader.ReadBlockAsync(cancellationToken))
                {
                    while (reader.TryReadRow(out var line))
                    {
                        loaded.Add(line);
                    }
                }
            }

            return loaded;
        }
        catch
        {
            loaded.Dispose();
            throw;
        }
    }

    /// <summary>The same bytes in other packs, the newest first.</summary>
    public IEnumerable<IndexRow> Others(IndexRow row)
    {
        if (row.Pack is null || !newest.TryGet(Number(row.Hash), out var number))
        {
            yield break;
        }

        for (var next = (int)number + 1; next > 0; next = places[next - 1].Before)
        {
            var place = places[next - 1];
            if (packs[place.Pack] != row.Pack)
            {
                yield return row with { Pack = packs[place.Pack], Offset = place.Offset };
            }
        }
    }

    public void Dispose() => newest.Dispose();

    private void Add(in IndexLine line)
    {
        if (line.Pack is not { } pack)
        {
            return;
        }

        // Rows of one pack follow each other.
        if (packs.Count == 0 || packs[^1] != pack)
        {
            packs.Add(pack);
        }

        var hash = Number(line.Hash);
        var before = newest.TryGet(hash, out var known) ? (int)known + 1 : 0;
        places.Add(new Place(packs.Count - 1, (uint)line.Offset, before));
        newest.Set(hash, (uint)places.Count - 1);
    }

    // A part of the hash finds it; the bytes are compared with the whole.
    private static UInt128 Number(ObjectHash hash)
    {
        Span<byte> bytes = stackalloc byte[ObjectHash.SizeBytes];
        hash.CopyTo(bytes);
        return BinaryPrimitives.ReadUInt128BigEndian(bytes);
    }
}

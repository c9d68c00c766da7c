using System.Diagnostics;
using System.Globalization;
using System.Text;
using Nestegg.Repositories.Files;

namespace Nestegg.Repositories.Index;

/// <summary>The rows that a snapshot needs, by index file. One bit for each row of the files.</summary>
internal sealed class LiveSet
{
    private readonly Dictionary<string, RowSet> files = new(StringComparer.Ordinal);

    public IReadOnlyDictionary<string, RowSet> Files => files;

    public long Count => files.Values.Sum(rows => (long)rows.Count);

    public void Add(string indexName, RowSet rows) => files.Add(indexName, rows);

    /// <summary>The rows that are in both.</summary>
    public LiveSet Common(Func<string, RowSet> other)
    {
        var common = new LiveSet();
        foreach (var (name, rows) in files)
        {
            if (rows.Common(other(name)) is { Count: > 0 } both)
            {
                common.Add(name, both);
            }
        }

        return common;
    }

    /// <summary>The rows of an index file; none of a file that is not in the set.</summary>
    public RowSet Of(string indexName) => files.GetValueOrDefault(indexName) ?? new RowSet();

    /// <summary>Writes the text of <c>objects.live</c>, not compressed.</summary>
    public async Task WriteAsync(Stream stream, CancellationToken cancellationToken)
    {
        await using var writer = new StreamWriter(stream, new UTF8Encoding(false), 64 * 1024, leaveOpen: true) { NewLine = "\n" };
        foreach (var (name, rows) in files.OrderBy(file => file.Key, StringComparer.Ordinal))
        {
            await writer.WriteAsync($"{name}\t".AsMemory(), cancellationToken);
            Debug.Assert(rows.Count > 0, "A line without rows would be read as damage.");
            var comma = "";
            foreach (var (first, last) in rows.Ranges())
            {
                await writer.WriteAsync((first == last ? $"{comma}{first}" : $"{comma}{first}-{last}").AsMemory(), cancellationToken);
                comma = ",";
            }

            await writer.WriteAsync("\n".AsMemory(), cancellationToken);
        }
    }

    /// <param name="name">What the file is called in messages.</param>
    public static async Task<LiveSet> ReadAsync(Stream stream, string name, CancellationToken cancellationToken)
    {
        var live = new LiveSet();
        var reader = new StreamReader(stream, new UTF8Encoding(false), false, 64 * 1024, leaveOpen: true);
        var block = new char[64 * 1024];
        var word = new StringBuilder();
        RowSet? rows = null;
        int count;

        // A line may be longer than a string should be: a range is taken as soon as the comma after it is seen.
        while ((count = await reader.ReadAsync(block, cancellationToken)) > 0)
        {
            foreach (var c in block.AsSpan(0, count))
            {
                var isEnd = rows is null ? c == '\t' : c is ',' or '\n';
                if (!isEnd && word.Append(c).Length < 256)
                {
                    continue;
                }

                if (!isEnd
                    || (rows is null ? !live.files.TryAdd(word.ToString(), rows = new RowSet()) : !TryAddRange(rows, word.ToString())))
                {
                    throw Damage.Of($"{name} has a broken line: '{word}'");
                }

                word.Clear();
                if (c == '\n')
                {
                    rows = null;
                }
            }
        }

        return rows is null && word.Length == 0 ? live : throw Damage.Of($"{name} is cut off");
    }

    private static bool TryAddRange(RowSet rows, string text)
    {
        var dash = text.IndexOf('-', StringComparison.Ordinal);
        if (!TryRow(dash < 0 ? text : text.AsSpan(0, dash), out var first) || !TryRow(text.AsSpan(dash + 1), out var last) || last < first)
        {
            return false;
        }

        for (var row = first; row <= last; row++)
        {
            if (!rows.Add(row))
            {
                return false;
            }
        }

        return true;
    }

    private static bool TryRow(ReadOnlySpan<char> text, out int row) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out row) && row is > 0 and <= RowSet.RowLimit;
}

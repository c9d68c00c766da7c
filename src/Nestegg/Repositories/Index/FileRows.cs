namespace Nestegg.Repositories.Index;

/// <summary>Rows that follow each other in an index file and lie in one file of the repository.</summary>
/// <param name="Key">The file under <c>objects/</c> or <c>packs/</c>.</param>
/// <param name="IndexKey">The index file.</param>
/// <param name="Rows">With their numbers in the index file, in its order.</param>
internal sealed record FileRows(string Key, string IndexKey, IReadOnlyList<(int Number, IndexRow Row)> Rows)
{
    /// <summary>How long the file is, if these are all of its rows.</summary>
    public long SizeBytes
    {
        get
        {
            var end = Rows.Max(one => one.Row.Offset + one.Row.SizeBytes);
            return Rows[0].Row.Pack is null ? end : IndexRow.PackBytes(end);
        }
    }
}

using Nestegg.Repositories.Files;

namespace Nestegg.Repositories.Index;

/// <summary>
/// Rows that follow each other in an index file and lie in one file of the repository: only all of them say how long that is. Used again
/// for one such file after the other; holds 32 bytes a row.
/// </summary>
internal sealed class RowsTogether
{
    private readonly List<(UInt128 Hash, long SizeBytes)> rows = [];
    private long end;

    /// <summary>What each row is found by in a <see cref="KeyTable"/>, and the length of its object.</summary>
    public IReadOnlyList<(UInt128 Hash, long SizeBytes)> Rows => rows;

    /// <summary>The hash in the file's name.</summary>
    public ObjectHash File { get; private set; }

    public bool IsPack { get; private set; }

    /// <summary>How long the file was when it was written.</summary>
    public long SizeBytes => IsPack ? IndexRow.PackBytes(end) : end;

    /// <summary>Whether a row lies in the same file.</summary>
    public bool IsWith(in IndexLine line) =>
        rows.Count > 0 && (line.Pack is { } pack ? IsPack && pack == File : !IsPack && line.Hash == File);

    /// <summary>Forgets the rows of the file before.</summary>
    public void Begin(in IndexLine line)
    {
        rows.Clear();
        (File, IsPack, end) = (line.Pack ?? line.Hash, line.Pack is not null, 0);
    }

    public void Add(in IndexLine line, UInt128 hash)
    {
        rows.Add((hash, line.SizeBytes));
        end = Math.Max(end, line.Offset + line.SizeBytes);
    }
}

using System.Buffers.Binary;

namespace Nestegg.Ente.Database;

/// <summary>
/// An archive of pg_dump as pg_restore is to see it: with a table of contents that names only what museum needs. All that follows passes as
/// it is; pg_restore passes over rows that its contents do not name.
/// </summary>
internal sealed class SelectedArchive : ReadOnlyStream
{
    private readonly MemoryStream contents = new();
    private readonly ArchiveSource source;

    private SelectedArchive(ArchiveSource source, ArchiveSelection selection)
    {
        this.source = source;
        Selection = selection;
    }

    public ArchiveSelection Selection { get; }

    /// <summary>Reads the table of contents and no further, and holds it. The stream stays the caller's.</summary>
    /// <param name="archive">From its first byte.</param>
    /// <param name="schema">museum's.</param>
    /// <param name="rights">What whoever loads may make.</param>
    /// <param name="cancellationToken">Stops the reading.</param>
    /// <exception cref="EnteException">It is no such archive, or a damaged one.</exception>
    public static async Task<SelectedArchive> OpenAsync(
        Stream archive, string schema, LoadingRights rights, CancellationToken cancellationToken)
    {
        var taken = new MemoryStream();
        var source = new ArchiveSource(archive) { Taken = taken };
        var (header, offsetBytes) = await ArchiveContents.HeadAsync(source, cancellationToken);
        var headBytes = (int)source.Position;
        var entries = await ArchiveContents.EntriesAsync(source, header, offsetBytes, cancellationToken);
        source.Taken = null;
        var selected = new SelectedArchive(source, ArchiveSelection.Of(entries, schema, rights));
        selected.Write(taken.GetBuffer(), headBytes, entries);
        return selected;
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        contents.Position < contents.Length ? contents.Read(buffer.Span)
        : await source.IsAtEndAsync(cancellationToken) ? 0
        : await source.ReadAsync(buffer, cancellationToken);

    private void Write(byte[] taken, int headBytes, IReadOnlyList<ArchiveEntry> entries)
    {
        Span<byte> count = stackalloc byte[ArchiveSource.IntBytes];
        BinaryPrimitives.WriteInt32LittleEndian(count[1..], Selection.Kept.Count);
        contents.Write(taken.AsSpan(0, headBytes));
        contents.Write(count);
        foreach (var (from, to) in entries.Where(entry => Selection.Kept.Contains(entry.Id)).Select(entry => entry.Bytes))
        {
            contents.Write(taken.AsSpan((int)from, (int)(to - from)));
        }

        contents.Position = 0;
    }
}

using System.Buffers.Binary;
using System.Text;

namespace Nestegg.Ente.Database;

/// <summary>
/// An archive of pg_dump as pg_restore is to see it: with a table of contents that names only what museum needs, and with museum's schema
/// as the place where names are looked up. All that follows passes as it is; pg_restore passes over rows that its contents do not name.
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
        selected.Write(taken.GetBuffer(), headBytes, entries, schema);
        return selected;
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        contents.Position < contents.Length ? contents.Read(buffer.Span)
        : await source.IsAtEndAsync(cancellationToken) ? 0
        : await source.ReadAsync(buffer, cancellationToken);

    private void Write(byte[] taken, int headBytes, IReadOnlyList<ArchiveEntry> entries, string schema)
    {
        contents.Write(taken.AsSpan(0, headBytes));
        WriteInt(Selection.Kept.Count);
        foreach (var entry in entries.Where(entry => Selection.Kept.Contains(entry.Id)))
        {
            var bytes = taken.AsSpan((int)entry.Bytes.From, (int)(entry.Bytes.To - entry.Bytes.From));
            if (entry is { Description: "SEARCHPATH", Definition: { Length: > 0 } definition })
            {
                WriteSearchPath(bytes, Encoding.UTF8.GetBytes(definition), schema);
            }
            else
            {
                contents.Write(bytes);
            }
        }

        contents.Position = 0;
    }

    // pg_dump sets it to nothing. Then a function that a constraint or a generated column calls for each row finds no table and no other
    // function by its short name, as it did where museum ran, and the rows are refused. What pg_dump itself wrote has full names.
    private void WriteSearchPath(ReadOnlySpan<byte> entry, ReadOnlySpan<byte> definition, string schema)
    {
        var path = EnteCatalog.Quote(schema).Replace("'", "''", StringComparison.Ordinal);
        var replaced = Encoding.UTF8.GetBytes($"SELECT pg_catalog.set_config('search_path', '{path}', false);\n");
        var at = entry.IndexOf(definition);
        contents.Write(entry[..(at - ArchiveSource.IntBytes)]);
        WriteInt(replaced.Length);
        contents.Write(replaced);
        contents.Write(entry[(at + definition.Length)..]);
    }

    private void WriteInt(int value)
    {
        Span<byte> bytes = stackalloc byte[ArchiveSource.IntBytes];
        BinaryPrimitives.WriteInt32LittleEndian(bytes[1..], value);
        contents.Write(bytes);
    }
}

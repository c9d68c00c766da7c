using System.Buffers.Text;
using System.Diagnostics;
using System.Text;
using Nestegg.Repositories.Files;

namespace Nestegg.Repositories.Index;

/// <summary>One line of an index file, looked at in place. Valid until the reader moves on.</summary>
internal readonly ref struct IndexLine
{
    private const int HashDigits = 2 * ObjectHash.SizeBytes;

    private readonly ReadOnlySpan<byte> hash;
    private readonly ReadOnlySpan<byte> pack;

    private IndexLine(ReadOnlySpan<byte> hash, ReadOnlySpan<byte> pack)
    {
        this.hash = hash;
        this.pack = pack;
    }

    /// <summary>In UTF-8, unescaped.</summary>
    public ReadOnlySpan<byte> Key { get; private init; }

    public long Version { get; private init; }

    public long SizeBytes { get; private init; }

    public long Offset { get; private init; }

    public ObjectHash Hash => Parse(hash);

    public ObjectHash? Pack => pack.Length == 1 ? null : Parse(pack);

    public IndexRow ToRow() => new(Encoding.UTF8.GetString(Key), Version, SizeBytes, Hash, Pack, Offset);

    /// <summary>Reads a line without its end; <see langword="false"/> when it is none of ours.</summary>
    /// <param name="scratch">At least as long as the line; must live as long as the result.</param>
    public static bool TryParse(ReadOnlySpan<byte> line, Span<byte> scratch, out IndexLine result)
    {
        result = default;
        if (!TryCut(ref line, out var key) || !TryCut(ref line, out var version) || !TryCut(ref line, out var size)
            || !TryCut(ref line, out var hash) || !TryCut(ref line, out var pack)
            || key.Length == 0 || !Tsv.TryRead(key, scratch, out var plainKey)
            || !TryNumber(version, out var versionValue) || !TryNumber(size, out var sizeValue) || !TryNumber(line, out var offset)
            || !IsHash(hash) || !(pack is [(byte)'-'] ? offset == 0 : IsHash(pack)))
        {
            return false;
        }

        result = new IndexLine(hash, pack) { Key = plainKey, Version = versionValue, SizeBytes = sizeValue, Offset = offset };
        return true;
    }

    private static bool TryCut(scoped ref ReadOnlySpan<byte> line, out ReadOnlySpan<byte> field)
    {
        var tab = line.IndexOf((byte)'\t');
        field = tab < 0 ? default : line[..tab];
        line = line[(tab + 1)..];
        return tab >= 0;
    }

    private static bool TryNumber(ReadOnlySpan<byte> field, out long value) =>
        Utf8Parser.TryParse(field, out value, out var consumed) && consumed == field.Length && value >= 0;

    private static bool IsHash(ReadOnlySpan<byte> field) =>
        field.Length == HashDigits && !field.ContainsAnyExcept(HexDigits);

    private static readonly System.Buffers.SearchValues<byte> HexDigits = System.Buffers.SearchValues.Create("0123456789abcdef"u8);

    private static ObjectHash Parse(ReadOnlySpan<byte> digits)
    {
        Debug.Assert(IsHash(digits), "They were looked at when the line was read.");
        Span<byte> bytes = stackalloc byte[ObjectHash.SizeBytes];
        Convert.FromHexString(digits, bytes, out _, out _);
        return new ObjectHash(bytes);
    }
}

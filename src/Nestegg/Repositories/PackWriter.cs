using System.Buffers;
using System.Text;

namespace Nestegg.Repositories;

/// <summary>Collects small objects into one tar in memory. Reused for pack after pack, since its buffer is large.</summary>
internal sealed class PackWriter
{
    /// <summary>Objects of this length and more are files of their own.</summary>
    public const int ObjectLimitBytes = 1024 * 1024;

    /// <summary>A pack is never longer.</summary>
    public const int CapacityBytes = 16 * 1024 * 1024;

    private const int EndBytes = 2 * UstarHeader.BlockBytes;

    private readonly byte[] buffer = GC.AllocateUninitializedArray<byte>(CapacityBytes);
    private readonly Dictionary<ObjectHash, int> offsets = [];
    private readonly List<(int KeyOffset, int KeyBytes, long Version, int SizeBytes, ObjectHash Hash, int Offset)> objects = [];

    // Strings that wait here until the pack is full would grow old, and the garbage collector looks at what is old too rarely.
    private readonly ArrayBufferWriter<byte> keys = new();
    private int length;

    public bool IsEmpty => objects.Count == 0;

    /// <summary>Adds an object; <see langword="false"/> when the pack is full. Content that is in the pack already is not written again.</summary>
    public bool TryAdd(string key, long version, ReadOnlySpan<byte> content, ObjectHash hash)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(content.Length, ObjectLimitBytes);
        if (!offsets.TryGetValue(hash, out var offset))
        {
            var needed = UstarHeader.BlockBytes + UstarHeader.Padded(content.Length);
            if (length + needed + EndBytes > CapacityBytes)
                return false;
            UstarHeader.Write(buffer.AsSpan(length), hash, content.Length);
            offset = length + UstarHeader.BlockBytes;
            content.CopyTo(buffer.AsSpan(offset));
            buffer.AsSpan(offset + content.Length, needed - UstarHeader.BlockBytes - content.Length).Clear();
            offsets.Add(hash, offset);
            length += needed;
        }

        var keyOffset = keys.WrittenCount;
        Encoding.UTF8.GetBytes(key, keys);
        objects.Add((keyOffset, keys.WrittenCount - keyOffset, version, content.Length, hash, offset));
        return true;
    }

    /// <summary>The whole tar, its name, and the rows for its objects. Valid until <see cref="Clear"/>.</summary>
    public (ObjectHash Name, ReadOnlyMemory<byte> Tar, IEnumerable<IndexRow> Rows) Finish()
    {
        buffer.AsSpan(length, EndBytes).Clear();
        var tar = buffer.AsMemory(0, length + EndBytes);
        var name = ObjectHash.Of(tar.Span);
        return (name, tar, objects.Select(o => new IndexRow(Encoding.UTF8.GetString(keys.WrittenSpan.Slice(o.KeyOffset, o.KeyBytes)), o.Version, o.SizeBytes, o.Hash, name, o.Offset)));
    }

    public void Clear()
    {
        length = 0;
        offsets.Clear();
        objects.Clear();
        keys.ResetWrittenCount();
    }
}

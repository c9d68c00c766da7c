using System.Buffers;
using System.Diagnostics;
using System.Text;
using Nestegg.Repositories.Files;
using Nestegg.Repositories.Index;
using Nestegg.Stores;

namespace Nestegg.Repositories.Packs;

/// <summary>
/// Writes small objects into one tar, straight into the store. Reused for pack after pack, since its lists are large when objects are tiny.
/// Not for several tasks at once.
/// </summary>
internal sealed class PackWriter : IDisposable
{
    /// <summary>Objects of this length and more are files of their own.</summary>
    public const int ObjectLimitBytes = 1024 * 1024;

    /// <summary>A pack is never longer.</summary>
    public const int CapacityBytes = 16 * 1024 * 1024;

    private const int EndBytes = 2 * UstarHeader.BlockBytes;

    private static readonly byte[] Zeros = new byte[EndBytes];

    private readonly byte[] header = new byte[UstarHeader.BlockBytes];
    private readonly Dictionary<ObjectHash, int> offsets = [];
    private readonly List<(int KeyOffset, int KeyBytes, long Version, int SizeBytes, ObjectHash Hash, int Offset)> objects = [];

    // Strings that wait here until the pack is full would grow old, and the garbage collector looks at what is old too rarely.
    private readonly ArrayBufferWriter<byte> keys = new();

    private StoreWriter? item;
    private HashingStream? tar;
    private ObjectHash? name;

    /// <summary>Whether no write failed half-way: a tar with half an entry in it is none, and takes no more.</summary>
    public bool IsWhole { get; private set; } = true;

    /// <summary>Begins a pack. What was in the one before is forgotten.</summary>
    public async Task BeginAsync(IStore store, CancellationToken cancellationToken)
    {
        Dispose();
        offsets.Clear();
        objects.Clear();
        keys.ResetWrittenCount();
        (name, IsWhole) = (null, true);
        item = await store.CreateAsync(CapacityBytes, cancellationToken);
        tar = new HashingStream(item);
    }

    public bool HasRoomFor(int sizeBytes) =>
        tar!.WrittenBytes + UstarHeader.BlockBytes + UstarHeader.Padded(sizeBytes) + EndBytes <= CapacityBytes;

    /// <summary>
    /// Adds an object; content that is in the pack already is not written again. Cannot be cancelled, so that the pack stays whole.
    /// </summary>
    public async Task AddAsync(string key, long version, ReadOnlyMemory<byte> content, ObjectHash hash)
    {
        Debug.Assert(name is null && IsWhole, "A pack that was sealed or broke off takes no more.");
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(content.Length, ObjectLimitBytes);
        if (!offsets.TryGetValue(hash, out var offset))
        {
            offset = await WriteAsync(content, hash);
            offsets.Add(hash, offset);
        }

        var keyOffset = keys.WrittenCount;
        Encoding.UTF8.GetBytes(key, keys);
        objects.Add((keyOffset, keys.WrittenCount - keyOffset, version, content.Length, hash, offset));
    }

    /// <summary>Ends the pack, which takes no more then.</summary>
    /// <returns>Its name.</returns>
    public async Task<ObjectHash> SealAsync()
    {
        Debug.Assert(IsWhole, "A tar with half an entry in it is none.");
        if (name is not { } pack)
        {
            await AppendAsync(Zeros);
            Debug.Assert(
                objects.Count == 0 || tar!.WrittenBytes == IndexRow.PackBytes(objects.Max(o => o.Offset + o.SizeBytes)),
                "Its rows say how long it is.");
            name = pack = tar!.Finish();
        }

        return pack;
    }

    /// <summary>Makes the pack durable. May be called again when it failed or was cancelled, as long as the pack is whole.</summary>
    /// <returns>The rows for its objects, valid until the next pack is begun.</returns>
    public async Task<IEnumerable<IndexRow>> CommitAsync(CancellationToken cancellationToken)
    {
        var pack = await SealAsync();
        await item!.CommitAsync(RepositoryKeys.Pack(pack), cancellationToken);
        return objects.Select(o => new IndexRow(
            Encoding.UTF8.GetString(keys.WrittenSpan.Slice(o.KeyOffset, o.KeyBytes)), o.Version, o.SizeBytes, o.Hash, pack, o.Offset));
    }

    public void Dispose()
    {
        tar?.Dispose();
        item?.Dispose();
    }

    /// <returns>Where the content begins.</returns>
    private async Task<int> WriteAsync(ReadOnlyMemory<byte> content, ObjectHash hash)
    {
        UstarHeader.Write(header, hash, content.Length);
        await AppendAsync(header);
        Debug.Assert(tar!.WrittenBytes % UstarHeader.BlockBytes == 0, "Content begins at a block.");
        var offset = (int)tar!.WrittenBytes;
        await AppendAsync(content);
        await AppendAsync(Zeros.AsMemory(0, UstarHeader.Padded(content.Length) - content.Length));
        return offset;
    }

    private async Task AppendAsync(ReadOnlyMemory<byte> bytes)
    {
        try
        {
            await tar!.WriteAsync(bytes, CancellationToken.None);
        }
        catch
        {
            IsWhole = false;
            throw;
        }
    }
}

using System.Diagnostics;
using Nestegg.Repositories.Files;
using Nestegg.Repositories.Index;
using Nestegg.Stores;

namespace Nestegg.Repositories.Packs;

/// <summary>
/// Stores objects: large ones as files, small ones in packs, with a row in the run's index for each. May be used by many tasks at
/// once; holds at most a megabyte for each, and a few more for objects that wait for their pack.
/// </summary>
internal sealed class ObjectWriter : IAsyncDisposable
{
    private const int SmallestRoomBytes = 4096;

    private readonly IStore store;
    private readonly RunIndex index;
    private readonly PackStages packs;

    /// <param name="run">The run's part of index file names: <c>&lt;time&gt;-&lt;run&gt;</c>.</param>
    public ObjectWriter(IStore store, KnownObjects known, IndexSigner signer, string run, TimeProvider time)
    {
        this.store = store;
        index = new RunIndex(store, known, signer, run, time);
        packs = new PackStages(store, index);
    }

    /// <inheritdoc cref="RunIndex.AddedObjects"/>
    public long AddedObjects => index.AddedObjects;

    public long AddedBytes => index.AddedBytes;

    /// <summary>
    /// Stores one object and marks it as needed by the snapshot. The content is read to its end before anything is made durable:
    /// a stream that throws at its end because length or hash are wrong leaves nothing behind.
    /// </summary>
    /// <param name="expectedBytes">The length if it is known, else a guess.</param>
    /// <exception cref="NesteggException">This object, or an earlier one, could not be stored.</exception>
    public async Task AddAsync(string key, long version, Stream content, long expectedBytes, CancellationToken cancellationToken)
    {
        packs.ThrowIfFailed();

        // One byte more than expected, to see the end of it.
        var buffer = PackStages.Buffers.Rent((int)Math.Clamp(expectedBytes + 1, SmallestRoomBytes, PackWriter.ObjectLimitBytes));
        var isHandedOn = false;
        try
        {
            var length = await content.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellationToken);
            if (length == buffer.Length && length < PackWriter.ObjectLimitBytes)
            {
                buffer = Grow(buffer);
                var room = buffer.AsMemory(length);
                length += await content.ReadAtLeastAsync(room, room.Length, throwOnEndOfStream: false, cancellationToken);
            }

            isHandedOn = length < PackWriter.ObjectLimitBytes;
            await (isHandedOn
                ? packs.AddAsync(new SmallObject(key, version, buffer, length, ObjectHash.Of(buffer.AsSpan(0, length))), cancellationToken)
                : AddLargeAsync(key, version, buffer.AsMemory(0, length), content, expectedBytes, cancellationToken));
        }
        finally
        {
            if (!isHandedOn)
            {
                PackStages.Buffers.Return(buffer);
            }
        }
    }

    /// <summary>Makes all that was added durable. Nothing can be added afterwards.</summary>
    /// <exception cref="NesteggException">Something of it could not be stored.</exception>
    public async Task FinishAsync(CancellationToken cancellationToken)
    {
        await KeepAsync(cancellationToken);
        packs.ThrowIfLost();
    }

    /// <summary>
    /// Makes as much as possible durable of what was added, after a failure or a cancellation: the open pack, what could not be stored
    /// before, and an index file for the rows.
    /// </summary>
    public async Task KeepAsync(CancellationToken cancellationToken)
    {
        await packs.FinishAsync(cancellationToken);
        await index.FlushAsync(cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        await packs.DisposeAsync();
        index.Dispose();
    }

    private static byte[] Grow(byte[] buffer)
    {
        Debug.Assert(buffer.Length < PackWriter.ObjectLimitBytes, "A buffer grows once, to what tells small objects from large ones.");
        var larger = PackStages.Buffers.Rent(PackWriter.ObjectLimitBytes);
        buffer.CopyTo(larger, 0);
        PackStages.Buffers.Return(buffer);
        return larger;
    }

    private async Task AddLargeAsync(
        string key, long version, ReadOnlyMemory<byte> head, Stream rest, long expectedBytes, CancellationToken cancellationToken)
    {
        Debug.Assert(head.Length >= PackWriter.ObjectLimitBytes, "Smaller objects go into packs.");
        await using var item = await store.CreateAsync(Math.Max(expectedBytes, head.Length), cancellationToken);
        await using var hashing = new HashingStream(item);
        await hashing.WriteAsync(head, cancellationToken);
        await rest.CopyToAsync(hashing, 128 * 1024, cancellationToken);
        var row = new IndexRow(key, version, hashing.WrittenBytes, hashing.Finish(), null, 0);

        // Over what is there, even with this length: nobody has read it, and what is under a name need not be what the name says.
        await item.CommitAsync(row.StoredAs, cancellationToken);
        await index.AppendAsync([row], cancellationToken);
        await index.CheckpointAsync(cancellationToken);
    }
}

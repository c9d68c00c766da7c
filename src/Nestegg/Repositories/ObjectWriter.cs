using System.Buffers;
using System.Collections.Concurrent;
using Nestegg.Stores;

namespace Nestegg.Repositories;

/// <summary>
/// Stores objects: large ones as files, small ones in packs, with a row in the run's index for each. May be used by many tasks at
/// once; holds at most a megabyte for each. What has a row in a written index file survives an interrupted run.
/// </summary>
internal sealed class ObjectWriter : IDisposable
{
    private const int PacksInFlight = 2;
    private const int CheckpointRows = 50_000;
    private const int SmallestRoomBytes = 4096;

    // Of its own: the shared pool gives its arrays up with each full collection, and making large ones is what brings that about.
    private static readonly ArrayPool<byte> Buffers = ArrayPool<byte>.Create(PackWriter.ObjectLimitBytes, 256);

    private static readonly TimeSpan CheckpointInterval = TimeSpan.FromSeconds(5);

    private readonly IStore store;
    private readonly KnownObjects known;
    private readonly string run;
    private readonly TimeProvider time;
    private readonly long startedAt;
    private readonly SemaphoreSlim packGate = new(1);
    private readonly SemaphoreSlim packSlots = new(PacksInFlight);
    private readonly SemaphoreSlim indexGate = new(1);
    private readonly ConcurrentBag<PackWriter> sparePacks = [];

    // Packs to be made durable: those that are full, and those for which that failed or was cancelled. At most one more than can be in flight.
    private readonly ConcurrentQueue<PackWriter> fullPacks = new();

    private PackWriter? pack;
    private readonly IndexWriter index = new();
    private int indexNumber;
    private long checkpointAt;
    private long addedObjects;
    private long addedBytes;

    /// <param name="run">The run's part of index file names: <c>&lt;time&gt;-&lt;run&gt;</c>.</param>
    public ObjectWriter(IStore store, KnownObjects known, string run, TimeProvider time)
    {
        (this.store, this.known, this.run, this.time) = (store, known, run, time);
        startedAt = checkpointAt = time.GetTimestamp();
    }

    /// <summary>Objects that are durable and have a row.</summary>
    public long AddedObjects => Interlocked.Read(ref addedObjects);

    public long AddedBytes => Interlocked.Read(ref addedBytes);

    /// <summary>
    /// Stores one object and marks it as needed by the snapshot. The content is read to its end before anything is made durable:
    /// a stream that throws at its end because length or hash are wrong leaves nothing behind.
    /// </summary>
    /// <param name="expectedBytes">The length if it is known, else a guess.</param>
    public async Task<StoredObject> AddAsync(string key, long version, Stream content, long expectedBytes, CancellationToken cancellationToken)
    {
        // One byte more than expected, to see the end of it.
        var buffer = Buffers.Rent((int)Math.Clamp(expectedBytes + 1, SmallestRoomBytes, PackWriter.ObjectLimitBytes));
        try
        {
            var length = await content.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellationToken);
            if (length == buffer.Length && length < PackWriter.ObjectLimitBytes)
            {
                buffer = Grow(buffer);
                var room = buffer.AsMemory(length);
                length += await content.ReadAtLeastAsync(room, room.Length, throwOnEndOfStream: false, cancellationToken);
            }

            var head = buffer.AsMemory(0, length);
            return length < PackWriter.ObjectLimitBytes
                ? await AddSmallAsync(key, version, head, cancellationToken)
                : await AddLargeAsync(key, version, head, content, expectedBytes, cancellationToken);
        }
        finally
        {
            Buffers.Return(buffer);
        }
    }

    /// <summary>
    /// Makes all that was added so far durable: the open pack, what an earlier failure or cancellation left, and an index file for the rows.
    /// Not while objects are being added.
    /// </summary>
    public async Task FlushAsync(CancellationToken cancellationToken)
    {
        await packGate.WaitAsync(cancellationToken);
        try
        {
            FinishPack();
            for (var left = fullPacks.Count; left > 0; left--)
            {
                await packSlots.WaitAsync(cancellationToken);
                await StorePackAsync(cancellationToken);
            }

            // With every slot in hand no pack is under way, so no row can be missing from the index file.
            for (var i = 0; i < PacksInFlight; i++)
                await packSlots.WaitAsync(cancellationToken);
            packSlots.Release(PacksInFlight);
        }
        finally
        {
            packGate.Release();
        }

        await indexGate.WaitAsync(cancellationToken);
        try
        {
            await WriteIndexAsync(cancellationToken);
        }
        finally
        {
            indexGate.Release();
        }
    }

    public void Dispose()
    {
        packGate.Dispose();
        packSlots.Dispose();
        indexGate.Dispose();
        index.Dispose();
        FinishPack();
        foreach (var left in fullPacks)
            left.Dispose();
    }

    private static byte[] Grow(byte[] buffer)
    {
        var larger = Buffers.Rent(PackWriter.ObjectLimitBytes);
        buffer.CopyTo(larger, 0);
        Buffers.Return(buffer);
        return larger;
    }

    private async Task<StoredObject> AddSmallAsync(string key, long version, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        var hash = ObjectHash.Of(content.Span);
        var hasSlot = false;
        await packGate.WaitAsync(cancellationToken);
        try
        {
            if (pack is { IsWhole: false })
                FinishPack();
            if (pack is not null && !pack.HasRoomFor(content.Length))
            {
                await packSlots.WaitAsync(cancellationToken);
                hasSlot = true;
                FinishPack();
            }

            pack ??= await BeginPackAsync(cancellationToken);
            await pack.AddAsync(key, version, content, hash);
        }
        catch when (hasSlot)
        {
            packSlots.Release();
            throw;
        }
        finally
        {
            packGate.Release();
        }

        if (hasSlot)
            await StorePackAsync(cancellationToken);
        return new StoredObject(hash, content.Length);
    }

    private async Task<StoredObject> AddLargeAsync(
        string key, long version, ReadOnlyMemory<byte> head, Stream rest, long expectedBytes, CancellationToken cancellationToken)
    {
        await using var item = await store.CreateAsync(Math.Max(expectedBytes, head.Length), cancellationToken);
        await using var hashing = new HashingStream(item);
        await hashing.WriteAsync(head, cancellationToken);
        await rest.CopyToAsync(hashing, 128 * 1024, cancellationToken);
        var stored = new StoredObject(hashing.Finish(), hashing.WrittenBytes);
        var name = RepositoryKeys.Object(stored.Hash);
        if (await store.TryGetSizeAsync(name, cancellationToken) != stored.SizeBytes)
            await item.CommitAsync(name, cancellationToken);
        await AppendAsync([new IndexRow(key, version, stored.SizeBytes, stored.Hash, null, 0)], cancellationToken);
        await CheckpointAsync(cancellationToken);
        return stored;
    }

    private async Task<PackWriter> BeginPackAsync(CancellationToken cancellationToken)
    {
        var begun = sparePacks.TryTake(out var spare) ? spare : new PackWriter();
        await begun.BeginAsync(store, cancellationToken);
        return begun;
    }

    /// <summary>Nothing more goes into the open pack.</summary>
    private void FinishPack()
    {
        if (pack is not null)
            Keep(pack);
        pack = null;
    }

    /// <summary>To be made durable. The objects of a pack in which a write failed are fetched again by the next run.</summary>
    private void Keep(PackWriter full)
    {
        if (full.IsWhole)
            fullPacks.Enqueue(full);
        else
            full.Dispose();
    }

    /// <summary>Makes a full pack durable, then its rows; gives back the slot that the caller took.</summary>
    private async Task StorePackAsync(CancellationToken cancellationToken)
    {
        if (!fullPacks.TryDequeue(out var full))
        {
            packSlots.Release();
            return;
        }

        var isStored = false;
        try
        {
            await AppendAsync(await full.CommitAsync(cancellationToken), cancellationToken);
            full.Dispose();
            sparePacks.Add(full);
            isStored = true;
        }
        finally
        {
            if (!isStored)
                Keep(full);
            packSlots.Release();
        }

        await CheckpointAsync(cancellationToken);
    }

    private async Task AppendAsync(IEnumerable<IndexRow> rows, CancellationToken cancellationToken)
    {
        await indexGate.WaitAsync(cancellationToken);
        try
        {
            // A file that is complete and could not be written takes no more rows.
            if (index.IsFinished)
                await WriteIndexAsync(cancellationToken);
            foreach (var row in rows)
            {
                index.Append(row);
                known.Add(row);
                Interlocked.Increment(ref addedObjects);
                Interlocked.Add(ref addedBytes, row.SizeBytes);
            }
        }
        finally
        {
            indexGate.Release();
        }
    }

    private async Task CheckpointAsync(CancellationToken cancellationToken)
    {
        await indexGate.WaitAsync(cancellationToken);
        try
        {
            // The longer a run goes on, the rarer its index files: an interruption costs a twentieth of the time, and a long run leaves few files.
            var waited = time.GetElapsedTime(checkpointAt);
            if (index.Rows >= CheckpointRows || (waited >= CheckpointInterval && waited >= time.GetElapsedTime(startedAt) / 20))
                await WriteIndexAsync(cancellationToken);
        }
        finally
        {
            indexGate.Release();
        }
    }

    /// <summary>Writes the index file that is open, if it has rows. The caller has the gate.</summary>
    private async Task WriteIndexAsync(CancellationToken cancellationToken)
    {
        checkpointAt = time.GetTimestamp();
        if (index.Rows == 0)
            return;
        var content = index.Finish();
        var hash = ObjectHash.Of(content.Span);
        var name = IndexName.Of(run, ++indexNumber, hash);
        await using var item = await store.CreateAsync(content.Length, cancellationToken);
        await item.WriteAsync(content, cancellationToken);
        await item.CommitAsync(RepositoryKeys.IndexFile(name), cancellationToken);
        known.EndFile(name, content.Length, hash);
        index.Restart();
    }
}

/// <summary>An object as it was stored.</summary>
internal readonly record struct StoredObject(ObjectHash Hash, long SizeBytes);

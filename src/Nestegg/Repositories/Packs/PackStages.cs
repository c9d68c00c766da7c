using System.Buffers;
using System.Collections.Concurrent;
using System.Diagnostics;
using System.Runtime.ExceptionServices;
using System.Threading.Channels;
using Nestegg.Repositories.Files;
using Nestegg.Repositories.Index;
using Nestegg.Stores;

namespace Nestegg.Repositories.Packs;

/// <summary>A small object on its way into a pack.</summary>
/// <param name="Buffer">Of <see cref="PackStages.Buffers"/>; its first <paramref name="Length"/> bytes are the object.</param>
internal readonly record struct SmallObject(string Key, long Version, byte[] Buffer, int Length, ObjectHash Hash);

/// <summary>
/// Stores small objects in two stages: one task fills a pack, others make full packs durable and put their rows into the index. Packs go
/// round between them, so that there are never more than three at once, and whoever adds waits while all of them are full. What fails is
/// told to whoever adds or finishes next; a pack that could not be stored is kept for another attempt. May be added to by many tasks at
/// once.
/// </summary>
internal sealed class PackStages : IAsyncDisposable
{
    /// <summary>
    /// Of its own: the shared pool gives its arrays up with each full collection, and making large ones is what brings that about.
    /// </summary>
    public static readonly ArrayPool<byte> Buffers = ArrayPool<byte>.Create(PackWriter.ObjectLimitBytes, 256);

    private const int WaitingObjects = 4;
    private const int PacksInFlight = 2;

    private readonly IStore store;
    private readonly RunIndex index;
    private readonly CancellationTokenSource stop = new();
    private readonly Channel<SmallObject> objects = Channel.CreateBounded<SmallObject>(
        new BoundedChannelOptions(WaitingObjects) { SingleReader = true });

    // Neither can hold more packs than go round, so that writing to them never waits.
    private readonly Channel<PackWriter> full = Channel.CreateUnbounded<PackWriter>();
    private readonly Channel<PackWriter> empty = Channel.CreateUnbounded<PackWriter>();

    // Packs that could not be stored. Another one goes round in their place.
    private readonly ConcurrentQueue<PackWriter> left = new();
    private readonly Task stages;

    // The first thing that went wrong, and the first that cost objects.
    private NesteggException? failure;
    private NesteggException? loss;

    public PackStages(IStore store, RunIndex index)
    {
        (this.store, this.index) = (store, index);
        for (var i = 0; i <= PacksInFlight; i++)
        {
            empty.Writer.TryWrite(new PackWriter());
        }

        stages = Task.WhenAll([RunAsync(FillAsync), .. Enumerable.Range(0, PacksInFlight).Select(_ => RunAsync(StoreAllAsync))]);
    }

    /// <summary>
    /// Takes an object over, and its buffer, whether this succeeds or not. It is durable when <see cref="FinishAsync"/> has returned and
    /// nothing was lost.
    /// </summary>
    /// <exception cref="NesteggException">Something could not be stored since the last call.</exception>
    public async Task AddAsync(SmallObject item, CancellationToken cancellationToken)
    {
        Debug.Assert(
            item.Length < PackWriter.ObjectLimitBytes && item.Length <= item.Buffer.Length, "Larger objects are files of their own.");
        var isTaken = false;
        try
        {
            ThrowIfFailed();
            await objects.Writer.WriteAsync(item, cancellationToken);
            isTaken = true;
        }
        catch (ChannelClosedException)
        {
            // A stage has ended before its time, for a reason that nobody foresaw.
            await stages;
            throw;
        }
        finally
        {
            if (!isTaken)
            {
                Buffers.Return(item.Buffer);
            }
        }
    }

    /// <exception cref="NesteggException">Something could not be stored.</exception>
    public void ThrowIfFailed()
    {
        if (Volatile.Read(ref failure) is { } first)
        {
            ExceptionDispatchInfo.Throw(first);
        }
    }

    /// <exception cref="NesteggException">An object that was added is nowhere.</exception>
    public void ThrowIfLost()
    {
        if (Volatile.Read(ref loss) is { } first)
        {
            ExceptionDispatchInfo.Throw(first);
        }
    }

    /// <summary>
    /// Makes all that was added durable, with one more attempt for what could not be stored before. Nothing can be added any more; may be
    /// called again when it failed.
    /// </summary>
    public async Task FinishAsync(CancellationToken cancellationToken)
    {
        objects.Writer.TryComplete();
        await stages.WaitAsync(cancellationToken);
        for (var count = left.Count; count > 0 && left.TryDequeue(out var pack); count--)
        {
            await StoreAsync(pack, cancellationToken);
        }
    }

    public async ValueTask DisposeAsync()
    {
        objects.Writer.TryComplete();
        await stop.CancelAsync();

        // Whatever it is, whoever added or finished has been told.
        await stages.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        while (full.Reader.TryRead(out var pack) || left.TryDequeue(out pack))
        {
            pack.Dispose();
        }

        stop.Dispose();
    }

    /// <summary>Runs a stage on the pool. One that dies takes the others along, so that nobody waits for it.</summary>
    private async Task RunAsync(Func<Task> stage)
    {
        var isDone = false;
        try
        {
            await Task.Run(stage);
            isDone = true;
        }
        finally
        {
            if (!isDone)
            {
                objects.Writer.TryComplete();
                await stop.CancelAsync();
            }
        }
    }

    private async Task FillAsync()
    {
        PackWriter? pack = null;
        try
        {
            await foreach (var item in objects.Reader.ReadAllAsync(stop.Token))
            {
                pack = await PutAsync(item, pack);
            }
        }
        finally
        {
            if (pack is not null)
            {
                full.Writer.TryWrite(pack);
            }

            full.Writer.Complete();
        }
    }

    /// <returns>The pack that is open now, if one is.</returns>
    private async Task<PackWriter?> PutAsync(SmallObject item, PackWriter? pack)
    {
        try
        {
            if (pack is not null && !pack.HasRoomFor(item.Length))
            {
                full.Writer.TryWrite(pack);
                pack = null;
            }

            pack ??= await BeginAsync();
            await pack.AddAsync(item.Key, item.Version, item.Buffer.AsMemory(0, item.Length), item.Hash);
        }
        catch (NesteggException e)
        {
            // A tar with half an entry in it is none: its objects are fetched again by the next run.
            Fail(e, isLoss: true);
            if (pack is { IsWhole: false })
            {
                GoRound(pack);
                pack = null;
            }
        }
        finally
        {
            Buffers.Return(item.Buffer);
        }

        return pack;
    }

    private async Task<PackWriter> BeginAsync()
    {
        var pack = await empty.Reader.ReadAsync(stop.Token);
        var isBegun = false;
        try
        {
            await pack.BeginAsync(store, stop.Token);
            isBegun = true;
            return pack;
        }
        finally
        {
            if (!isBegun)
            {
                GoRound(pack);
            }
        }
    }

    private async Task StoreAllAsync()
    {
        await foreach (var pack in full.Reader.ReadAllAsync(stop.Token))
        {
            try
            {
                await StoreAsync(pack, stop.Token);
            }
            catch (NesteggException e)
            {
                Fail(e, isLoss: false);
            }
        }
    }

    /// <summary>Makes a full pack durable, then its rows. When that fails it is kept, unless it is no whole pack any more.</summary>
    private async Task StoreAsync(PackWriter pack, CancellationToken cancellationToken)
    {
        var isStored = false;
        try
        {
            await index.AppendAsync(await pack.CommitAsync(cancellationToken), cancellationToken);
            isStored = true;
        }
        catch (NesteggException e) when (!pack.IsWhole)
        {
            Fail(e, isLoss: true);
            throw;
        }
        finally
        {
            if (isStored || !pack.IsWhole)
            {
                GoRound(pack);
            }
            else
            {
                left.Enqueue(pack);
                empty.Writer.TryWrite(new PackWriter());
            }
        }

        await index.CheckpointAsync(cancellationToken);
    }

    /// <summary>What was in the pack is done with.</summary>
    private void GoRound(PackWriter pack)
    {
        pack.Dispose();
        empty.Writer.TryWrite(pack);
    }

    private void Fail(NesteggException e, bool isLoss)
    {
        Interlocked.CompareExchange(ref failure, e, null);
        if (isLoss)
        {
            Interlocked.CompareExchange(ref loss, e, null);
        }
    }
}

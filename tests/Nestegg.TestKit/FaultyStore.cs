using System.Runtime.CompilerServices;
using Nestegg.Ente;
using Nestegg.Stores;

namespace Nestegg.TestKit;

/// <summary>What a store was asked to do.</summary>
public enum StoreOperation
{
    Create,
    Write,
    Commit,
    Open,
    Read,
    Size,
    List,
    Delete,
}

/// <summary>
/// A store that fails on purpose: a script is asked at each operation, which are numbered from 1. The failures look like those of a
/// place that is out of reach, so what is tested is what its caller does then.
/// </summary>
public sealed class FaultyStore(IStore inner, Func<int, StoreOperation, Fault> script) : StoreAround(inner)
{
    private int operations;

    /// <summary>How many operations there were so far; run once without faults to know how many moments there are to fail at.</summary>
    public int Operations => Volatile.Read(ref operations);

    public static FaultyStore Counting(IStore inner) => new(inner, (_, _) => Fault.None);

    /// <summary>From operation n on nothing works any more, as after a crash or with the cable out.</summary>
    public static FaultyStore FailingFrom(IStore inner, int n) => new(inner, (number, _) => number >= n ? Fault.Before : Fault.None);

    /// <summary>Operation n fails and those after it work.</summary>
    public static FaultyStore FailingOnceAt(IStore inner, int n, Fault fault = Fault.Before) =>
        new(inner, (number, _) => number == n ? fault : Fault.None);

    /// <summary>Each operation fails by chance. The same seed gives the same failures to the same sequence of operations.</summary>
    public static FaultyStore FailingBySeed(IStore inner, int seed, double share)
    {
        var random = new Random(seed);
        var gate = new Lock();
        return new FaultyStore(inner, (_, _) =>
        {
            lock (gate)
            {
                return random.NextDouble() >= share ? Fault.None : random.Next(2) == 0 ? Fault.Before : Fault.After;
            }
        });
    }

    public override async Task<StoreWriter> CreateAsync(long expectedBytes, CancellationToken cancellationToken)
    {
        var fault = Ask(StoreOperation.Create, out var number);
        Fail(fault, Fault.Before, number, StoreOperation.Create, "(a new item)");
        var writer = await Inner.CreateAsync(expectedBytes, cancellationToken);
        if (fault == Fault.After)
        {
            await writer.DisposeAsync();
        }

        Fail(fault, Fault.After, number, StoreOperation.Create, "(a new item)");
        return new Writer(this, writer);
    }

    public override async Task<Stream?> TryOpenAsync(string key, long offset, long? length, CancellationToken cancellationToken)
    {
        var fault = Ask(StoreOperation.Open, out var number);
        Fail(fault, Fault.Before, number, StoreOperation.Open, key);
        var stream = await Inner.TryOpenAsync(key, offset, length, cancellationToken);
        if (fault == Fault.After && stream is not null)
        {
            await stream.DisposeAsync();
        }

        Fail(fault, Fault.After, number, StoreOperation.Open, key);
        return stream is null ? null : new Reader(this, key, stream);
    }

    public override Task<long?> TryGetSizeAsync(string key, CancellationToken cancellationToken) =>
        DoAsync(StoreOperation.Size, key, () => Inner.TryGetSizeAsync(key, cancellationToken));

    public override async IAsyncEnumerable<StoreItem> ListAsync(string prefix, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var fault = Ask(StoreOperation.List, out var number);
        Fail(fault, Fault.Before, number, StoreOperation.List, prefix);
        await foreach (var item in Inner.ListAsync(prefix, cancellationToken))
        {
            yield return item;
        }

        Fail(fault, Fault.After, number, StoreOperation.List, prefix);
    }

    public override Task DeleteAsync(string key, CancellationToken cancellationToken) =>
        DoAsync(StoreOperation.Delete, key, async () =>
        {
            await Inner.DeleteAsync(key, cancellationToken);
            return true;
        });

    private Fault Ask(StoreOperation operation, out int number)
    {
        number = Interlocked.Increment(ref operations);
        return script(number, operation);
    }

    private async Task<T> DoAsync<T>(StoreOperation operation, string key, Func<Task<T>> action)
    {
        var fault = Ask(operation, out var number);
        Fail(fault, Fault.Before, number, operation, key);
        var result = await action();
        Fail(fault, Fault.After, number, operation, key);
        return result;
    }

    private static void Fail(Fault fault, Fault moment, int number, StoreOperation operation, string key)
    {
        if (fault != moment)
        {
            return;
        }

        throw new NesteggException(
            FailureKind.OutOfReach,
            $"cannot {operation.ToString().ToLowerInvariant()} {key}: failing on purpose "
            + $"{moment.ToString().ToLowerInvariant()} operation {number}",
            "this is a test");
    }

    private sealed class Writer(FaultyStore store, StoreWriter inner) : StoreWriter
    {
        public override Task CommitAsync(string key, CancellationToken cancellationToken) =>
            store.DoAsync(StoreOperation.Commit, key, async () =>
            {
                await inner.CommitAsync(key, cancellationToken);
                return true;
            });

        public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

        public override void Write(ReadOnlySpan<byte> buffer)
        {
            var fault = store.Ask(StoreOperation.Write, out var number);
            Fail(fault, Fault.Before, number, StoreOperation.Write, "(a new item)");
            inner.Write(buffer);
            Fail(fault, Fault.After, number, StoreOperation.Write, "(a new item)");
        }

        public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
            WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var fault = store.Ask(StoreOperation.Write, out var number);
            Fail(fault, Fault.Before, number, StoreOperation.Write, "(a new item)");
            await inner.WriteAsync(buffer, cancellationToken);
            Fail(fault, Fault.After, number, StoreOperation.Write, "(a new item)");
        }

        public override void Flush() => inner.Flush();

        public override Task FlushAsync(CancellationToken cancellationToken) => inner.FlushAsync(cancellationToken);

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                inner.Dispose();
            }

            base.Dispose(disposing);
        }
    }

    private sealed class Reader(FaultyStore store, string key, Stream inner) : ReadOnlyStream
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            Fail(store.Ask(StoreOperation.Read, out var number) == Fault.None
                ? Fault.None
                : Fault.Before, Fault.Before, number, StoreOperation.Read, key);
            return inner.ReadAsync(buffer, cancellationToken);
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                inner.Dispose();
            }

            base.Dispose(disposing);
        }
    }
}

/// <summary>Whether an operation fails, and whether it was done nevertheless, as when only the answer got lost.</summary>
public enum Fault
{
    None,
    Before,
    After,
}

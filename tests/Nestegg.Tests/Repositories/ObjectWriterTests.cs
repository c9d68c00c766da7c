using Nestegg.Formats.Minisign;
using Nestegg.Repositories.Index;
using Nestegg.Repositories.Packs;
using Nestegg.Stores;
using Nestegg.Stores.Local;
using Nestegg.TestKit;

namespace Nestegg.Tests.Repositories;

public sealed class ObjectWriterTests : IDisposable
{
    // Sixteen of them fill a pack.
    private const int ObjectBytes = 1_000_000;

    private readonly TemporaryFolder folder = new();
    private readonly MinisignSecretKey signingKey = MinisignSecretKey.Generate();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        folder.Dispose();
        signingKey.Dispose();
    }

    [Fact]
    public async Task A_pack_that_could_not_be_stored_is_told_to_who_adds_and_stored_by_another_attempt()
    {
        var commits = 0;
        var (known, writer) = Open(
            (_, operation) => operation == StoreOperation.Commit && Interlocked.Increment(ref commits) == 1 ? Fault.Before : Fault.None);
        using var _ = known;
        await using var __ = writer;
        var told = await Assert.ThrowsAsync<NesteggException>(async () =>
        {
            for (var i = 0; i < 1000; i++)
            {
                await AddAsync(writer, i, ObjectBytes);
            }
        });
        Assert.Equal(FailureKind.OutOfReach, told.Kind);
        await writer.FinishAsync(Token);
        Assert.True(writer.AddedObjects >= 15);
        Assert.Equal(writer.AddedObjects, known.Count);
        Assert.Equal(writer.AddedObjects, known.Marked().Files.Sum(file => file.Rows));
        await AssertPacksAreWholeAsync();
    }

    [Fact]
    public async Task An_object_that_got_lost_in_a_broken_pack_keeps_the_writer_from_finishing_and_costs_no_other_pack()
    {
        var writes = 0;
        var (known, writer) = Open(
            (_, operation) => operation == StoreOperation.Write && Interlocked.Increment(ref writes) == 60 ? Fault.Before : Fault.None);
        using var _ = known;
        await using var __ = writer;

        // Three writes an object: the twentieth is in the second pack. Whoever adds after it may hear of it, or nobody yet.
        var told = await Record.ExceptionAsync(async () =>
        {
            for (var i = 0; i < 24; i++)
            {
                await AddAsync(writer, i, ObjectBytes);
            }
        });
        Assert.True(told is null or NesteggException { Kind: FailureKind.OutOfReach });
        await writer.KeepAsync(Token);
        Assert.InRange(writer.AddedObjects, 15, 23);
        await Assert.ThrowsAsync<NesteggException>(() => writer.FinishAsync(Token));
        await AssertPacksAreWholeAsync();
    }

    [Fact]
    public async Task What_nobody_foresaw_ends_the_writer_and_is_told()
    {
        var (known, writer) = Open(
            (_, operation) => operation == StoreOperation.Commit ? throw new InvalidOperationException("unforeseen") : Fault.None);
        using var _ = known;
        await using var __ = writer;
        var told = await Assert.ThrowsAsync<InvalidOperationException>(async () =>
        {
            for (var i = 0; i < 1000; i++)
            {
                await AddAsync(writer, i, ObjectBytes);
            }
        });
        Assert.Equal("unforeseen", told.Message);
        Assert.Equal("unforeseen", (await Assert.ThrowsAsync<InvalidOperationException>(() => writer.FinishAsync(Token))).Message);
    }

    [Fact]
    public async Task Who_adds_waits_while_all_packs_are_full()
    {
        var gate = new TaskCompletionSource();
        var inner = LocalStore.Create(folder.Path);
        var (known, writer) = Open(new SlowStore(inner, gate.Task));
        using var _ = known;
        await using var __ = writer;
        var added = 0;
        var adding = Task.Run(async () =>
        {
            for (; added < 100; added++)
            {
                await AddAsync(writer, added, ObjectBytes);
            }
        }, Token);
        await Task.WhenAny(adding, Task.Delay(TimeSpan.FromMilliseconds(500), TimeProvider.System, Token));
        Assert.False(adding.IsCompleted);
        Assert.InRange(Volatile.Read(ref added), 1, 55);
        gate.SetResult();
        await adding;
        await writer.FinishAsync(Token);
        Assert.Equal(100, writer.AddedObjects);
    }

    [Fact]
    public async Task A_writer_that_is_abandoned_leaves_nothing_in_the_making()
    {
        var (known, writer) = Open((_, _) => Fault.None);
        using (known)
        {
            for (var i = 0; i < 20; i++)
            {
                await AddAsync(writer, i, ObjectBytes);
            }

            await writer.DisposeAsync();
        }

        Assert.Empty(Directory.GetFiles(folder["tmp"]));
    }

    private (KnownObjects Known, ObjectWriter Writer) Open(Func<int, StoreOperation, Fault> script) =>
        Open(new FaultyStore(LocalStore.Create(folder.Path), script));

    private (KnownObjects Known, ObjectWriter Writer) Open(IStore store)
    {
        var known = new KnownObjects();
        return (known, new ObjectWriter(store, known, new IndexSigner(signingKey, "repository"), "run", TimeProvider.System));
    }

    private static Task AddAsync(ObjectWriter writer, int number, int length) =>
        writer.AddAsync($"1/{number}", 0, new MemoryStream(SampleRepository.Content(length, number)), length, Token);

    private async Task AssertPacksAreWholeAsync()
    {
        foreach (var path in Directory.GetFiles(folder["packs"], "*", SearchOption.AllDirectories))
        {
            await using var file = File.OpenRead(path);
            using var pack = new PackReader(file, path);
            await foreach (var entry in pack.ReadAllAsync(Token))
            {
                Assert.Equal(entry.Name, entry.Content);
            }
        }
    }

    /// <summary>Commits nothing before a task is done.</summary>
    private sealed class SlowStore(IStore inner, Task gate) : StoreAround(inner)
    {
        public override async Task<StoreWriter> CreateAsync(long expectedBytes, CancellationToken cancellationToken) =>
            new Writer(await Inner.CreateAsync(expectedBytes, cancellationToken), gate);

        private sealed class Writer(StoreWriter inner, Task gate) : StoreWriter
        {
            public override async Task CommitAsync(string key, CancellationToken cancellationToken)
            {
                await gate.WaitAsync(cancellationToken);
                await inner.CommitAsync(key, cancellationToken);
            }

            public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
                inner.WriteAsync(buffer, cancellationToken);

            public override void Write(byte[] buffer, int offset, int count) => inner.Write(buffer, offset, count);

            public override void Flush() => inner.Flush();

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
}

using Nestegg.Checks;
using Nestegg.Ente;
using Nestegg.Repositories;
using Nestegg.Stores;
using Nestegg.Stores.Local;
using Nestegg.TestKit;

namespace Nestegg.Tests.Repositories;

public sealed class CrashTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => folder.Dispose();

    /// <summary>
    /// The run dies at each operation of the store in turn. What was committed stays whole, what had a row is not stored again, and the
    /// next run completes.
    /// </summary>
    [Fact]
    public async Task Nothing_committed_is_lost_wherever_a_run_stops()
    {
        var first = Objects(1, 6);
        var second = Objects(1, 14);
        var survived = 0;
        for (var n = 1; ; n++)
        {
            var root = folder[$"{n}"];
            await using var store = LocalStore.Create(root);
            using var sample = await SampleRepository.CreateAsync(store, Token);
            var committed = await sample.BackUpAsync(first, Token);

            var isFinished = false;
            try
            {
                await sample.ReopenAsync(new FailingStore(store, n), Token);
                await sample.BackUpAsync(second, Token);
                isFinished = true;
            }
            catch (NesteggException e) when (e.Kind == FailureKind.OutOfReach)
            {
                survived++;
            }

            await sample.ReopenAsync(store, Token);
            Assert.Equal(committed.Hash, (await sample.Repository.ReadManifestAsync(committed.Id, Token)).Hash);
            await AssertWholeAsync(sample.Repository);
            var next = await sample.BackUpAsync(second, Token);
            Assert.Equal(second.Count, next.Index.Sum(index => index.Rows));
            await AssertWholeAsync(sample.Repository);
            Directory.Delete(root, recursive: true);
            if (isFinished)
            {
                break;
            }
        }

        Assert.InRange(survived, 20, 200);
    }

    [Fact]
    public async Task A_content_that_fails_at_its_end_leaves_nothing_behind()
    {
        await using var store = LocalStore.Create(folder.Path);
        using var sample = await SampleRepository.CreateAsync(store, Token);
        await using var writer = await sample.Repository.BeginSnapshotAsync(sample.SigningKey, TimeProvider.System, Random.Shared, Token);
        var stored = await writer.LoadObjectsAsync(Token);
        foreach (var length in (int[])[100, 3_000_000])
        {
            await Assert.ThrowsAsync<IOException>(
                () => stored.Writer.AddAsync("1/a", 0, new TornStream(SampleRepository.Content(length, 1)), length, Token));
        }

        var manifest = await writer.CommitAsync(SampleRepository.Draft(new Dictionary<string, byte[]>()), stored, Token);
        Assert.Empty(manifest.Index);
        Assert.False(Directory.Exists(folder["objects"]));
        Assert.False(Directory.Exists(folder["packs"]));
        Assert.Equal(0, stored.Writer.AddedObjects);
    }

    private static Dictionary<string, byte[]> Objects(int first, int count) =>
        Enumerable.Range(first, count).ToDictionary(i => $"1/{i}", i => SampleRepository.Content(i % 3 == 0 ? 1_050_000 + i : 1000 + i, i));

    private static async Task AssertWholeAsync(Repository repository)
    {
        using var memory = new TemporaryFolder();
        var events = new RunEvents();
        var check = new RepositoryCheck(
            repository, new CheckOptions { Read = ReadScope.All, MemoryFolder = memory.Path, Random = Random.Shared }, new RunLog(events));
        await check.RunAsync(Token);

        // Only the moment between signature and manifest leaves more than a note.
        Assert.DoesNotContain(events.Findings, finding => finding.Severity >= Severity.Warning && finding.Code != "manifest-missing");
    }

    private sealed class TornStream(byte[] content) : ReadOnlyStream
    {
        private readonly MemoryStream inner = new(content);

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var count = await inner.ReadAsync(buffer, cancellationToken);
            return count > 0 ? count : throw new IOException("The MD5 is another.");
        }
    }

    /// <summary>Works for n - 1 operations and then never again, like a connection that was cut. Writes and commits count.</summary>
    private sealed class FailingStore(IStore inner, int failAt) : StoreAround(inner)
    {
        private int operations;

        public override async Task<StoreWriter> CreateAsync(long expectedBytes, CancellationToken cancellationToken)
        {
            Count();
            return new FailingWriter(await Inner.CreateAsync(expectedBytes, cancellationToken), this);
        }

        public override Task<Stream?> TryOpenAsync(string key, long offset, long? length, CancellationToken cancellationToken)
        {
            Count();
            return Inner.TryOpenAsync(key, offset, length, cancellationToken);
        }

        public override Task<long?> TryGetSizeAsync(string key, CancellationToken cancellationToken)
        {
            Count();
            return Inner.TryGetSizeAsync(key, cancellationToken);
        }

        public override IAsyncEnumerable<StoreItem> ListAsync(string prefix, CancellationToken cancellationToken)
        {
            Count();
            return Inner.ListAsync(prefix, cancellationToken);
        }

        public override Task DeleteAsync(string key, CancellationToken cancellationToken)
        {
            Count();
            return Inner.DeleteAsync(key, cancellationToken);
        }

        private void Count()
        {
            if (Interlocked.Increment(ref operations) >= failAt)
            {
                throw new NesteggException(FailureKind.OutOfReach, "the store is gone", "");
            }
        }

        private sealed class FailingWriter(StoreWriter inner, FailingStore store) : StoreWriter
        {
            public override Task CommitAsync(string key, CancellationToken cancellationToken)
            {
                store.Count();
                return inner.CommitAsync(key, cancellationToken);
            }

            public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
            {
                store.Count();
                return inner.WriteAsync(buffer, cancellationToken);
            }

            public override void Flush()
            {
            }

            public override void Write(byte[] buffer, int offset, int count) => inner.Write(buffer, offset, count);

            public override async ValueTask DisposeAsync()
            {
                await inner.DisposeAsync();
                await base.DisposeAsync();
            }
        }
    }
}

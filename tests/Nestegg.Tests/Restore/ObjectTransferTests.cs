using Nestegg.Repositories;
using Nestegg.Restore;
using Nestegg.Stores.Local;
using Nestegg.TestKit;

namespace Nestegg.Tests.Restore;

/// <summary>Which failures end a restore and which are a finding about one object.</summary>
public sealed class ObjectTransferTests : IDisposable
{
    private const int LargeBytes = 1024 * 1024;
    private const int Objects = 30;

    private readonly TemporaryFolder folder = new();
    private readonly RunEvents events = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task An_object_that_cannot_be_read_is_named_and_the_others_are_restored()
    {
        var opened = 0;
        var counts = await RestoreAsync(
            LargeBytes, operation => operation == StoreOperation.Open && Interlocked.Increment(ref opened) == 5);
        Assert.Equal((Objects - 1, 1L), (counts.Written, counts.Failed));
        var finding = Assert.Single(events.Findings);
        Assert.Equal("object-unreadable", finding.Code);
        Assert.Contains("failing on purpose", finding.Message);
        Assert.Equal(Objects - 1, Restored().Length);
        Assert.DoesNotContain(finding.Subject, Restored());
    }

    [Fact]
    public async Task A_repository_that_goes_away_ends_the_restore_and_not_each_object()
    {
        // All of them fail: a late success among many failures would begin the count anew.
        var ended = await Assert.ThrowsAsync<NesteggException>(() =>
            RestoreAsync(LargeBytes, operation => operation == StoreOperation.Open));
        Assert.Equal(FailureKind.OutOfReach, ended.Kind);
        Assert.StartsWith($"{FailureStreak.Limit} reads of objects in a row failed; the last: ", ended.Message);
        Assert.InRange(events.Findings.Count, FailureStreak.Limit, Objects - 1);
    }

    [Fact]
    public async Task A_pack_that_cannot_be_read_is_one_failure_however_many_objects_it_holds()
    {
        var counts = await RestoreAsync(1000, operation => operation == StoreOperation.Read);
        Assert.Equal((0L, (long)Objects), (counts.Written, counts.Failed));
        Assert.All(events.Findings, finding => Assert.Equal("object-unreadable", finding.Code));
        Assert.Equal(Objects, events.Findings.Select(finding => finding.Subject).Distinct().Count());
    }

    [Fact]
    public async Task A_target_that_fails_ends_the_restore_at_once()
    {
        // A file is where the objects' folder has to be.
        Directory.CreateDirectory(folder["target"]);
        await File.WriteAllTextAsync(folder["target/1"], "", Token);
        var ended = await Assert.ThrowsAsync<NesteggException>(() => RestoreAsync(LargeBytes, _ => false));
        Assert.Equal(FailureKind.OutOfReach, ended.Kind);
        Assert.Contains(folder["target/1"], ended.Message);
        Assert.Empty(events.Findings);
    }

    private string[] Restored() =>
    [
        .. Directory.GetFiles(folder["target"], "*", SearchOption.AllDirectories)
        .Select(path => Path.GetRelativePath(folder["target"], path)),
    ];

    private async Task<TransferCounts> RestoreAsync(int bytes, Func<StoreOperation, bool> fails)
    {
        var isArmed = false;
        await using var store = new FaultyStore(
            LocalStore.Create(folder["repository"]), (_, operation) => isArmed && fails(operation) ? Fault.Before : Fault.None);
        using var sample = await SampleRepository.CreateAsync(store, Token);
        var objects = Enumerable.Range(0, Objects)
            .ToDictionary(number => $"1/{number:00}", number => SampleRepository.Content(bytes, number));
        var snapshot = await sample.BackUpAsync(objects, Token);
        var rows = await sample.Repository.ReadLiveRowsAsync(snapshot, Token).ToListAsync(Token);
        isArmed = true;
        var transfer = new ObjectTransfer(sample.Repository, new FolderTarget(folder["target"]), 4, new RunLog(events));
        return await transfer.RunAsync(rows.ToAsyncEnumerable(), snapshot.Counts, Token);
    }
}

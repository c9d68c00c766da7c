using Nestegg.Checks;
using Nestegg.Repositories.Files;
using Nestegg.Repositories.Index;
using Nestegg.Repositories.Manifests;
using Nestegg.Restore;
using Nestegg.Stores.Local;
using Nestegg.TestKit;

namespace Nestegg.Tests.Repositories;

/// <summary>A pack is gone or damaged, and a later run has stored its objects again: earlier snapshots have them from there.</summary>
public sealed class ElsewhereTests : IDisposable
{
    private static readonly Dictionary<string, byte[]> Objects = Enumerable.Range(1, 5)
        .ToDictionary(i => $"1/{i}", i => SampleRepository.Content(5_000 + i, i));

    private readonly TemporaryFolder folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("gone")]
    [InlineData("cut")]
    [InlineData("overwritten")]
    public async Task What_is_elsewhere_is_read_from_there_on_every_way_and_told_in_one_line(string loss)
    {
        using var sample = await SampleRepository.CreateAsync(LocalStore.Create(folder["repository"]), Token);
        var (first, rows) = await LoseAndStoreAgainAsync(sample, loss, purged: "1/3");
        var ahead = sample.Repository.ReadAhead();
        foreach (var row in rows.Where(row => row.Key != "1/3"))
        {
            Assert.Equal(Objects[row.Key], await ReadAsync(await sample.Repository.OpenObjectAsync(row, Token)));
            Assert.Equal(Objects[row.Key], await ReadAsync(await ahead.OpenAsync(row, Token)));
        }

        var log = new RunLog(new RunEvents());
        sample.Repository.TellElsewhere(log);
        Assert.StartsWith("8 objects", Assert.Single(log.Findings).Message);

        log = new RunLog(new RunEvents());
        var transfer = new ObjectTransfer(sample.Repository, new FolderTarget(folder["restored"]), 2, log);
        var counts = await transfer.RunAsync(rows.ToAsyncEnumerable(), first.Counts, Token);
        Assert.Equal((4, 1), (counts.Written, counts.Failed));
        Assert.Equal(["object-damaged", "objects-elsewhere"], log.Findings.Select(finding => finding.Code).Order());
        Assert.All(
            Objects.Where(item => item.Key != "1/3"),
            item => Assert.Equal(item.Value, File.ReadAllBytes(folder[$"restored/{item.Key}"])));
    }

    [Theory]
    [InlineData("gone")]
    [InlineData("cut")]
    public async Task A_check_calls_missing_what_no_other_pack_has(string loss)
    {
        using var sample = await SampleRepository.CreateAsync(LocalStore.Create(folder["repository"]), Token);
        await LoseAndStoreAgainAsync(sample, loss, purged: "1/3");
        var findings = await CheckAsync(sample);
        Assert.Contains("1 row needs it: 1/3", Assert.Single(findings, finding => finding.Code == "object-missing").Message);
        Assert.StartsWith("4 objects", Assert.Single(findings, finding => finding.Code == "objects-elsewhere").Message);
        Assert.Equal(2, findings.Count);
    }

    [Fact]
    public async Task Nothing_is_missing_when_another_pack_has_all_of_it()
    {
        using var sample = await SampleRepository.CreateAsync(LocalStore.Create(folder["repository"]), Token);
        await LoseAndStoreAgainAsync(sample, "gone", purged: "");
        Assert.Equal("objects-elsewhere", Assert.Single(await CheckAsync(sample)).Code);
    }

    [Fact]
    public async Task What_nobody_signed_is_no_other_place()
    {
        using var sample = await SampleRepository.CreateAsync(LocalStore.Create(folder["repository"]), Token);
        var (_, rows) = await LoseAndStoreAgainAsync(sample, "gone", purged: "");
        var newest = Directory.GetFiles(folder["repository/index"]).Order(StringComparer.Ordinal).Last();
        var unsigned = File.ReadAllBytes(newest)[..^SignatureFrame.SizeBytes];
        File.Delete(newest);
        var name = IndexName.Of("20200101T000000Z-00002abc-1", ObjectHash.Of(unsigned));
        File.WriteAllBytes(folder[$"repository/index/{name}"], unsigned);
        await Assert.ThrowsAsync<NesteggException>(() => sample.Repository.OpenObjectAsync(rows[0], Token));
    }

    [Fact]
    public async Task What_is_not_put_back_and_lies_elsewhere_is_not_lost_to_the_writer()
    {
        using var sample = await SampleRepository.CreateAsync(LocalStore.Create(folder["repository"]), Token);
        await LoseAndStoreAgainAsync(sample, "gone", purged: "1/3");
        await using var writer = await sample.Repository.BeginSnapshotAsync(sample.SigningKey, TimeProvider.System, Random.Shared, Token);
        var lost = (await writer.LoadObjectsAsync(Token)).Known.Lost();
        Assert.Equal(5, lost.Count);
        using var missing = await Nestegg.Repositories.MissingObjects.FindAsync(sample.Repository, lost, Token);
        Assert.Equal((1, 4), (missing.Rows.Count, missing.Elsewhere));
        Assert.Empty(missing.FilesElsewhere);
    }

    /// <summary>Two snapshots, of which the first names a pack that is not whole any more.</summary>
    /// <param name="purged">What the bucket has no more, so that the second snapshot lacks it.</param>
    private async Task<(Manifest First, List<IndexRow> Rows)> LoseAndStoreAgainAsync(SampleRepository sample, string loss, string purged)
    {
        var first = await sample.BackUpAsync(Objects, Token);
        var rows = await sample.Repository.ReadLiveRowsAsync(first, Token).OrderBy(row => row.Offset).ToListAsync(Token);
        var path = folder[$"repository/{rows[0].StoredAs}"];
        var bytes = File.ReadAllBytes(path);
        File.Delete(path);
        var left = Objects.Where(item => item.Key != purged).ToDictionary();
        if (purged.Length == 0)
        {
            left.Add("2/new", SampleRepository.Content(100, 9));
        }

        await sample.BackUpAsync(left, Token);
        if (loss != "gone")
        {
            var damaged = loss == "cut" ? bytes[..600] : new byte[bytes.Length];
            File.WriteAllBytes(path, damaged);
        }

        return (first, rows);
    }

    private static async Task<IReadOnlyList<Finding>> CheckAsync(SampleRepository sample)
    {
        using var memory = new TemporaryFolder();
        var log = new RunLog(new RunEvents());
        var options = new CheckOptions { Read = ReadScope.None, MemoryFolder = memory.Path, Random = Random.Shared };
        await new RepositoryCheck(sample.Repository, options, log).RunAsync(Token);
        return log.Findings;
    }

    private static async Task<byte[]> ReadAsync(Stream stream)
    {
        await using (stream)
        {
            using var content = new MemoryStream();
            await stream.CopyToAsync(content, Token);
            return content.ToArray();
        }
    }
}

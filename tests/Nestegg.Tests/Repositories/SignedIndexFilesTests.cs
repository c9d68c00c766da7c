using Nestegg.Checks;
using Nestegg.Repositories.Files;
using Nestegg.Repositories.Index;
using Nestegg.Stores.Local;
using Nestegg.TestKit;

namespace Nestegg.Tests.Repositories;

/// <summary>Names that somebody plants under <c>index/</c>, very many of them.</summary>
public sealed class SignedIndexFilesTests : IDisposable
{
    private static readonly Dictionary<string, byte[]> Objects = new() { ["1/a"] = SampleRepository.Content(5_000, 1) };

    private readonly TemporaryFolder folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Planted_names_are_told_up_to_a_number_and_hide_nothing_that_a_snapshot_names()
    {
        using var sample = await MakeAsync();
        var planted = SignedIndexFiles.MostRefused + 500;
        Plant(planted);
        await using (var writer = await sample.Repository.BeginSnapshotAsync(sample.SigningKey, TimeProvider.System, Random.Shared, Token))
        {
            var objects = await writer.LoadObjectsAsync(Token);
            Expect(objects.Findings, Severity.Warning);
            Assert.True(objects.Known.TryMark("1/a", 0, 5_000, out _));
        }

        using var memory = new TemporaryFolder();
        var log = new RunLog(new RunEvents());
        await new RepositoryCheck(sample.Repository, new CheckOptions { MemoryFolder = memory.Path, Random = Random.Shared }, log)
            .RunAsync(Token);
        Expect(log.Findings, Severity.Error);

        void Expect(IReadOnlyList<Finding> findings, Severity severity)
        {
            Assert.All(findings, finding => Assert.Equal(severity, finding.Severity));
            Assert.Equal(SignedIndexFiles.MostRefused, findings.Count(finding => finding.Code == "index-damaged"));
            Assert.Contains("500 more that no snapshot names", Assert.Single(findings, finding => finding.Code == "index-crowded").Message);
            Assert.Equal(SignedIndexFiles.MostRefused + 1, findings.Count);
        }
    }

    [Fact]
    public async Task The_reading_of_planted_files_can_be_cancelled()
    {
        using var sample = await MakeAsync();
        Plant(10);
        using var stop = new CancellationTokenSource();
        var refused = 0;
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await sample.Repository.SignedIndexFiles.ReadAsync(
            new HashSet<string>(), Severity.Error, _ =>
            {
                refused++;
                stop.Cancel();
            },
            stop.Token).CountAsync(Token));
        Assert.Equal(1, refused);
    }

    [Fact]
    public async Task A_file_that_is_longer_than_any_is_refused_unread()
    {
        using var sample = await MakeAsync();
        Plant(1);
        var path = Directory.GetFiles(folder["index"]).Order(StringComparer.Ordinal).First();
        using (var file = File.OpenWrite(path))
        {
            file.SetLength(StoredIndex.LimitBytes + 1L);
        }

        var findings = new List<Finding>();
        await foreach (var index in sample.Repository.SignedIndexFiles.ReadAsync(
            new HashSet<string>(), Severity.Error, findings.Add, Token))
        {
            index.Dispose();
        }

        Assert.Contains("is longer than", Assert.Single(findings).Message);
    }

    private void Plant(int count)
    {
        for (var i = 0; i < count; i++)
        {
            var name = IndexName.Of($"20200101T000000Z-0000{i:x4}-1", ObjectHash.Of(BitConverter.GetBytes(i)));
            File.WriteAllText(folder[$"index/{name}"], "no index");
        }
    }

    private async Task<SampleRepository> MakeAsync()
    {
        var sample = await SampleRepository.CreateAsync(LocalStore.Create(folder.Path), Token);
        await sample.BackUpAsync(Objects, Token);
        return sample;
    }
}

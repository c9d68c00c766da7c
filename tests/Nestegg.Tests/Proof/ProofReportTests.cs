using System.Text.Json;
using System.Text.RegularExpressions;
using Nestegg.Proof;
using Nestegg.Repositories;
using Nestegg.Repositories.Files;

namespace Nestegg.Tests.Proof;

public sealed partial class ProofReportTests
{
    [Fact]
    public void The_page_needs_nothing_from_elsewhere()
    {
        var page = ProofReport.Write(Record());
        Assert.DoesNotMatch(Outside(), page);
        Assert.StartsWith("<!doctype html>", page);
        Assert.Contains("@media print", page);
        Assert.Contains(Record().ManifestSha256.ToString(), page);
        Assert.Contains(Record().Snapshot.ToString(), page);
        Assert.Contains("nestegg 1.2.3", page);
    }

    [Theory]
    [InlineData(ProofVerdict.Proved, "This backup opens", "all 1,234 files")]
    [InlineData(ProofVerdict.SampleProved, "The sample of this backup opens", "a random sample")]
    [InlineData(ProofVerdict.NotProved, "Not everything opens", "What is wrong stands below")]
    internal void The_verdict_stands_on_top(ProofVerdict verdict, string title, string sentence)
    {
        var page = ProofReport.Write(Record() with { Verdict = verdict });
        Assert.Contains($"<h1>{title}</h1>", page);
        Assert.Contains(sentence, page);
    }

    [Fact]
    public void Albums_without_names_are_listed_only_where_something_is_wrong()
    {
        var record = Record() with
        {
            Albums = [new AlbumProof(11, null, false) { Files = 5 }, new AlbumProof(12, null, true) { Files = 4, NotProved = 1 }],
        };
        var page = ProofReport.Write(record);
        Assert.DoesNotContain("album 11", page);
        Assert.Contains("album 12 <small>shared by another</small>", page);
        Assert.Contains("nothing of what was decrypted.", page);
    }

    [Fact]
    public void Names_are_text_and_never_markup()
    {
        const string Hostile = "<script>alert(1)</script>\u202e\"&";
        var record = Record() with
        {
            Account = Hostile,
            Instance = Hostile,
            Albums = [new AlbumProof(11, Hostile, false)],
            Findings = [new Finding("x", Severity.Error, Hostile, Hostile, Hostile)],
        };
        var page = ProofReport.Write(record);
        Assert.DoesNotContain("<script", page);
        Assert.Contains("&lt;script&gt;", page);
        Assert.Contains("but the names that were asked for", page);
    }

    [Fact]
    public void Of_many_findings_the_worst_come_first_and_the_rest_is_counted()
    {
        var findings = Enumerable.Range(0, 300).Select(i => new Finding("note", Severity.Warning, $"file {i}", "derived"))
            .Append(new Finding("bad", Severity.Error, "file 999", "damaged"));
        var record = Record() with { Findings = [.. findings] };
        (record.Counts.Errors, record.Counts.Warnings) = (1, 2000);
        var page = ProofReport.Write(record);
        Assert.True(page.IndexOf("file 999", StringComparison.Ordinal) < page.IndexOf("file 0<", StringComparison.Ordinal));
        Assert.Contains("The first 200 of 2,001 are shown.", page);
    }

    [Fact]
    public void The_record_comes_back_from_its_json()
    {
        var json = JsonSerializer.SerializeToUtf8Bytes(Record(), ProofJson.Instance.ProofRecord);
        var again = JsonSerializer.Deserialize(json, ProofJson.Instance.ProofRecord)!;
        Assert.Equal(Record().Counts, again.Counts);
        Assert.Equal(Record() with { Counts = again.Counts, Albums = again.Albums, Findings = again.Findings }, again);
    }

    internal static ProofRecord Record() => new()
    {
        RepositoryId = "5f1b0c6e2d3a4b5c8d7e6f5a4b3c2d1e",
        Snapshot = SnapshotId.New(new DateTimeOffset(2026, 11, 23, 19, 0, 0, TimeSpan.Zero), null, new Random(1)),
        ManifestSha256 = ObjectHash.Of("manifest"u8),
        SnapshotCreatedAt = new DateTimeOffset(2026, 11, 23, 19, 0, 0, TimeSpan.Zero),
        Instance = "home",
        UserId = 1580559962386438,
        Account = "alice@example.org",
        OpenedWith = "password",
        StartedAt = new DateTimeOffset(2026, 11, 24, 8, 0, 0, TimeSpan.Zero),
        FinishedAt = new DateTimeOffset(2026, 11, 24, 9, 30, 0, TimeSpan.Zero),
        Program = "nestegg 1.2.3",
        Sample = 1,
        OnlyNew = false,
        Verdict = ProofVerdict.Proved,
        Counts = new ProofCounts { Files = 1234, FilesProved = 1234, Thumbnails = 1234, DecryptedBytes = 5_000_000_000, Albums = 12 },
        Albums = [],
        Findings = [],
    };

    [GeneratedRegex("""(?:src|href)\s*=|url\(|@import|<script|https?://""", RegexOptions.IgnoreCase)]
    private static partial Regex Outside();
}

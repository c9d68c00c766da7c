using Nestegg.Checks;
using Nestegg.Formats.Minisign;
using Nestegg.Repositories;
using Nestegg.Repositories.Files;
using Nestegg.Repositories.Index;
using Nestegg.Repositories.Manifests;
using Nestegg.Stores;
using Nestegg.Stores.Local;
using Nestegg.TestKit;

namespace Nestegg.Tests.Repositories;

/// <summary>Marks of forgotten snapshots: what they do, and that only the repository's own are believed.</summary>
public sealed class ForgetMarkTests : IDisposable
{
    private static readonly Dictionary<string, byte[]> Objects = new() { ["1/a"] = SampleRepository.Content(5_000, 1) };

    private readonly TemporaryFolder folder = new();
    private readonly StillTime time = new(new DateTimeOffset(2026, 11, 27, 3, 30, 0, TimeSpan.Zero));

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task A_forgotten_snapshot_is_not_the_latest_and_is_told_to_be_forgotten_when_it_is_named()
    {
        var (sample, snapshots) = await MakeAsync(3);
        using var own = sample;
        await MarkAsync(sample, isForgotten: true, snapshots[2]);
        Assert.Equal(snapshots[1].Id, (await ReadAsync(sample, "latest")).Id);
        var named = await ReadAsync(sample, snapshots[2].Id.ToString());
        Assert.Equal((snapshots[2].Id, "snapshot-forgotten"), (named.Id, Assert.Single(named.Findings).Code));
        Assert.Contains("2026-11-27 03:30:00 UTC", named.Findings[0].Message);

        // The beginning that all share means the one that is left; the next run goes on as if nothing were.
        await MarkAsync(sample, isForgotten: true, snapshots[0]);
        Assert.Equal(snapshots[1].Id, (await ReadAsync(sample, "2")).Id);
        var next = await sample.BackUpAsync(Objects, Token);
        Assert.Equal((4, snapshots[2].Id), (next.Id.Number, next.Previous!.Id));
        Assert.Empty(await CheckAsync(sample));
    }

    [Fact]
    public async Task When_every_snapshot_is_marked_there_is_no_latest_and_it_is_said_why()
    {
        var (sample, snapshots) = await MakeAsync(2);
        using var own = sample;
        await MarkAsync(sample, isForgotten: true, [.. snapshots]);
        var failure = await Assert.ThrowsAsync<NesteggException>(() => ReadAsync(sample, "latest"));
        Assert.Contains("every snapshot", failure.Message);
        Assert.Contains("nestegg unforget", failure.Hint);
    }

    public static TheoryData<string> Forgeries =>
    [
        "no signature", "another key", "another repository", "another time", "a line more", "cut", "changed", "no name", "an index file",
        "long",
    ];

    [Theory]
    [MemberData(nameof(Forgeries))]
    public async Task A_mark_that_the_repository_s_key_has_not_signed_here_is_named_and_forgets_nothing(string forgery)
    {
        var (sample, snapshots) = await MakeAsync(3);
        using var own = sample;
        await ForgeAsync(forgery, sample, snapshots);
        var read = await ReadAsync(sample, "latest");
        Assert.Equal((snapshots[2].Id, "mark-not-believed"), (read.Id, Assert.Single(read.Findings).Code));
        var finding = Assert.Single(await CheckAsync(sample));
        Assert.Equal(("mark-not-believed", Severity.Error), (finding.Code, finding.Severity));
        Assert.StartsWith("forgotten/", finding.Subject);

        // Nor does it make a loss look like a removal.
        Directory.Delete(folder[$"snapshots/{snapshots[1].Id}"], recursive: true);
        Assert.Contains(await CheckAsync(sample), lost => lost.Code == "snapshot-gone");
    }

    [Fact]
    public async Task Marks_that_were_taken_back_and_are_put_there_again_forget_nothing()
    {
        var (sample, snapshots) = await MakeAsync(2);
        using var own = sample;
        await MarkAsync(sample, isForgotten: true, snapshots[0]);
        var copy = Files().Single();
        var content = File.ReadAllBytes(copy);
        await MarkAsync(sample, isForgotten: false, snapshots[0]);
        Assert.False((await KnownAsync(sample)).Has(snapshots[0].Id));
        File.Delete(copy);
        File.WriteAllBytes(copy, content);
        Assert.False((await KnownAsync(sample)).Has(snapshots[0].Id));
        Assert.Empty(await CheckAsync(sample));
    }

    [Fact]
    public async Task What_was_decided_last_counts_also_where_a_clock_went_back()
    {
        var (sample, snapshots) = await MakeAsync(2);
        using var own = sample;
        var ahead = new StillTime(time.GetUtcNow().AddYears(70));
        await MarkAsync(sample, isForgotten: true, ahead, snapshots[0]);
        await MarkAsync(sample, isForgotten: false, snapshots[0]);
        Assert.False((await KnownAsync(sample)).Has(snapshots[0].Id));
        await MarkAsync(sample, isForgotten: true, snapshots[0]);
        Assert.True((await KnownAsync(sample)).Has(snapshots[0].Id));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Many_files_become_one_and_say_the_same_whether_the_old_ones_can_be_removed_or_not(bool isLocked)
    {
        var (sample, snapshots) = await MakeAsync(3);
        using var own = sample;
        if (isLocked)
        {
            var store = new DeniedStore(new LocalStore(folder.Path), key => key.StartsWith("forgotten/2", StringComparison.Ordinal));
            await sample.ReopenAsync(new KeptStore(store, new LocalStore(folder.Path)), Token);
        }

        for (var i = 0; i <= 64; i++)
        {
            time.Advance(TimeSpan.FromSeconds(1));
            await MarkAsync(sample, isForgotten: i % 2 == 0, snapshots[0], snapshots[1]);
        }

        Assert.Equal(isLocked ? 65 : 1, Files().Count);
        var known = await KnownAsync(sample);
        Assert.Equal([true, true, false], snapshots.Select(snapshot => known.Has(snapshot.Id)));
        Assert.Empty(await CheckAsync(sample));
    }

    [Fact]
    public async Task A_forgotten_snapshot_that_is_removed_is_no_loss_and_what_is_left_of_one_is_no_leftover_of_a_run()
    {
        var (sample, snapshots) = await MakeAsync(4);
        using var own = sample;
        using var memory = new TemporaryFolder();
        await CheckAsync(sample, memory.Path);
        await MarkAsync(sample, isForgotten: true, snapshots[0], snapshots[1], snapshots[3]);
        Directory.Delete(folder[$"snapshots/{snapshots[0].Id}"], recursive: true);
        File.Delete(folder[$"snapshots/{snapshots[1].Id}/snapshot.json"]);
        File.Delete(folder[$"snapshots/{snapshots[1].Id}/snapshot.json.minisig"]);
        Directory.Delete(folder[$"snapshots/{snapshots[3].Id}"], recursive: true);
        var finding = Assert.Single(await CheckAsync(sample, memory.Path));
        Assert.Equal(
            ("snapshot-unfinished", Severity.Note, $"snapshots/{snapshots[1].Id}"), (finding.Code, finding.Severity, finding.Subject));
        var unfinished = await sample.Repository.Leftovers.FindSnapshotsAsync(snapshots.Select(snapshot => snapshot.Id).ToHashSet(), Token);
        Assert.Empty(unfinished.Interrupted);
        Assert.Empty(unfinished.Bereft);

        // The one that is not forgotten is missed all the same.
        Directory.Delete(folder[$"snapshots/{snapshots[2].Id}"], recursive: true);
        Assert.DoesNotContain(await CheckAsync(sample, memory.Path), lost => lost.Subject.Contains(snapshots[0].Id.ToString()));
    }

    [Fact]
    public async Task A_file_of_marks_is_what_the_format_says_and_is_read_by_zstd_and_minisign()
    {
        var (sample, snapshots) = await MakeAsync(2);
        using var own = sample;
        await MarkAsync(sample, isForgotten: true, snapshots[0]);
        await MarkAsync(sample, isForgotten: false, snapshots[0]);
        var files = Files().Select(File.ReadAllBytes).Select(content => content[..^SignatureFrame.SizeBytes]).ToList();
        var lines = new List<string>();
        foreach (var content in files)
        {
            await using var zstd = new ZstdReader(new MemoryStream(content), "marks");
            using var reader = new StreamReader(zstd);
            lines.Add(await reader.ReadToEndAsync(Token));
        }

        Assert.Equal(
            [
                $"{snapshots[0].Id}\t{snapshots[0].Hash}\t2026-11-27T03:30:00.0000000Z\tforgotten\n",
                $"{snapshots[0].Id}\t{snapshots[0].Hash}\t2026-11-27T03:30:00.0000001Z\tkept\n",
            ],
            lines.Order(StringComparer.Ordinal));
        foreach (var path in Files())
        {
            var content = File.ReadAllBytes(path);
            Assert.True(MinisignSignature.TryParse(content.AsSpan()[^(SignatureFrame.SizeBytes - 8)..], out var signature));
            Assert.True(signature!.Verifies(content.AsSpan()[..^SignatureFrame.SizeBytes], sample.SigningKey.PublicKey));
            Assert.Equal($"nestegg forgotten 20261127T033000Z repository {sample.Repository.Description.Id}", signature.TrustedComment);
        }
    }

    private async Task<(SampleRepository Sample, IReadOnlyList<Manifest> Snapshots)> MakeAsync(int count)
    {
        var sample = await SampleRepository.CreateAsync(LocalStore.Create(folder.Path), Token);
        var snapshots = new List<Manifest>();
        for (var i = 0; i < count; i++)
        {
            snapshots.Add(await sample.BackUpAsync(Objects, Token));
        }

        return (sample, snapshots);
    }

    private Task MarkAsync(SampleRepository sample, bool isForgotten, params Manifest[] snapshots) =>
        MarkAsync(sample, isForgotten, time, snapshots);

    private static async Task MarkAsync(SampleRepository sample, bool isForgotten, StillTime time, params Manifest[] snapshots)
    {
        var (known, now) = (await KnownAsync(sample), time.GetUtcNow());
        var marks = snapshots.Select(snapshot => known.Decide(snapshot.Id, snapshot.Hash, now, isForgotten)).ToList();
        await sample.Repository.ForgetMarks.WriteAsync(sample.SigningKey, known, marks, now, Token);
    }

    private static Task<ForgottenSnapshots> KnownAsync(SampleRepository sample) =>
        sample.Repository.ForgetMarks.ReadAsync(Severity.Error, finding => Assert.Fail(finding.Message), Token);

    private static async Task<(SnapshotId Id, IReadOnlyList<Finding> Findings)> ReadAsync(SampleRepository sample, string name)
    {
        var events = new RunEvents();
        var manifest = await sample.Repository.ReadManifestAsync(name, new RunLog(events), Token);
        return (manifest.Id, events.Findings);
    }

    private static async Task<IReadOnlyList<Finding>> CheckAsync(SampleRepository sample, string? memory = null)
    {
        using var fresh = new TemporaryFolder();
        var log = new RunLog(new RunEvents());
        var options = new CheckOptions { MemoryFolder = memory ?? fresh.Path, Random = Random.Shared };
        await new RepositoryCheck(sample.Repository, options, log).RunAsync(Token);
        return log.Findings;
    }

    private List<string> Files() => [.. Directory.GetFiles(folder["forgotten"]).Order(StringComparer.Ordinal)];

    private async Task ForgeAsync(string forgery, SampleRepository sample, IReadOnlyList<Manifest> snapshots)
    {
        const string signedAt = "20261127T033000Z";
        using var stranger = MinisignSecretKey.Generate();
        using var elsewhere = new TemporaryFolder();

        // A mark of all snapshots, as another repository with the same key would have it.
        using var lines = new MemoryStream();
        await using (var zstd = ZstdWriter.Over(lines))
        {
            foreach (var snapshot in snapshots)
            {
                await zstd.WriteAsync(new ForgetMark(snapshot.Id, snapshot.Hash, time.GetUtcNow(), true).ToLine(), Token);
            }
        }

        var (rows, id) = (lines.ToArray(), sample.Repository.Description.Id);
        byte[] good = [.. rows, .. SignatureFrame.Sign(sample.SigningKey, rows, $"nestegg forgotten {signedAt} repository {id}")];
        var content = forgery switch
        {
            "no signature" => rows,
            "another key" => [.. rows, .. SignatureFrame.Sign(stranger, rows, $"nestegg forgotten {signedAt} repository {id}")],
            "another repository" =>
            [
                .. rows,
                .. SignatureFrame.Sign(sample.SigningKey, rows, $"nestegg forgotten {signedAt} repository {new string('0', 32)}"),
            ],
            "an index file" => [.. rows, .. new IndexSigner(sample.SigningKey, id).Sign(rows, signedAt)],
            "a line more" => [.. rows, .. rows, .. good[^SignatureFrame.SizeBytes..]],
            "cut" => good[..^1],
            "changed" => [good[0], .. good[1..^600], (byte)~good[^600], .. good[^599..]],
            "long" => new byte[(64 << 20) + 1],
            _ => good,
        };
        var name = forgery switch
        {
            "no name" => "all.tsv.zst",
            "another time" => IndexName.Of("20261127T033001Z", ObjectHash.Of(content)),
            _ => IndexName.Of(signedAt, ObjectHash.Of(content)),
        };
        Directory.CreateDirectory(folder["forgotten"]);
        File.WriteAllBytes(folder[$"forgotten/{name}"], content);
    }

    /// <summary>Lets read what may not be removed.</summary>
    private sealed class KeptStore(IStore denied, IStore inner) : StoreAround(inner)
    {
        public override Task DeleteAsync(string key, CancellationToken cancellationToken) => denied.DeleteAsync(key, cancellationToken);
    }
}

using Nestegg.Checks;
using Nestegg.Repositories;
using Nestegg.Repositories.Files;
using Nestegg.Repositories.Index;
using Nestegg.Stores;
using Nestegg.Stores.Local;
using Nestegg.TestKit;

namespace Nestegg.Tests.Checks;

public sealed class CheckTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static Dictionary<string, byte[]> First => new()
    {
        ["1/large"] = SampleRepository.Content(1_100_000, 1),
        ["1/other"] = SampleRepository.Content(1_200_000, 2),
        ["1/thumb"] = SampleRepository.Content(5_000, 3),
        ["1/thumb2"] = SampleRepository.Content(6_000, 4),
    };

    private static Dictionary<string, byte[]> Second => new(First) { ["2/new"] = SampleRepository.Content(7_000, 5) };

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task A_whole_repository_has_no_finding_and_everything_is_counted()
    {
        await using var store = await MakeAsync();
        var (findings, counts) = await CheckAsync(store, ReadScope.All);
        Assert.Empty(findings);
        Assert.Equal(
            (2, 2, 5L, 2L, 2L, 0L),
            (counts.Snapshots, counts.IndexFiles, counts.LiveRows, counts.Objects, counts.Packs, counts.UnusedFiles));
        Assert.Equal(2 + 2 + 2 * 3, counts.ReadFiles);
    }

    public static TheoryData<string> Damages =>
        ["flip-first", "flip-middle", "flip-last", "truncate", "empty", "append", "delete", "rename"];

    [Theory]
    [MemberData(nameof(Damages))]
    public async Task Any_damage_to_any_file_is_named_by_a_reading_check(string damage)
    {
        await using var store = await MakeAsync();
        foreach (var key in Keys())
        {
            var path = folder[key];
            var content = File.ReadAllBytes(path);
            Apply(damage, path, content);
            var findings = await FindAsync(store, ReadScope.All);
            Assert.True(findings.Any(finding => Names(finding, key)), $"{damage} of {key}: {string.Join("; ", findings)}");
            File.Delete(path + "x");
            File.WriteAllBytes(path, content);
        }

        Assert.Empty(await FindAsync(store, ReadScope.All));
    }

    [Fact]
    public async Task Two_files_that_changed_places_are_both_named()
    {
        await using var store = await MakeAsync();
        var kinds = Keys().GroupBy(key => key.StartsWith("snapshots/", StringComparison.Ordinal) ? key.Split('/')[^1] : key.Split('/')[0])
            .Where(kind => kind.Count() > 1);
        Assert.Equal(8, kinds.Count());
        foreach (var kind in kinds)
        {
            var (a, b) = (kind.First(), kind.Last());
            Swap(a, b);
            var findings = await FindAsync(store, ReadScope.All);
            Assert.True(findings.Any(f => Names(f, a)) && findings.Any(f => Names(f, b)), $"{kind.Key}: {string.Join("; ", findings)}");
            Swap(a, b);
        }
    }

    [Fact]
    public async Task A_changed_manifest_or_signature_is_found_without_reading()
    {
        await using var store = await MakeAsync();
        foreach (var key in Keys().Where(key => key.Contains("/snapshot.json", StringComparison.Ordinal)))
        {
            var content = File.ReadAllBytes(folder[key]);
            for (var i = 0; i < content.Length; i += 41)
            {
                var changed = content.ToArray();
                changed[i] ^= 1;
                File.WriteAllBytes(folder[key], changed);

                // Only minisign's untrusted comment may change: nobody believes it.
                var isUntrusted = key.EndsWith(".minisig", StringComparison.Ordinal) && i < content.AsSpan().IndexOf((byte)'\n');
                Assert.Equal(!isUntrusted, (await FindAsync(store, ReadScope.None)).Any(finding => finding.Severity == Severity.Error));
            }

            File.WriteAllBytes(folder[key], content);
        }
    }

    [Fact]
    public async Task A_damaged_pack_entry_is_named_with_its_key_and_both_hashes()
    {
        await using var store = await MakeAsync();
        var row = await RowAsync(store, "1/thumb2");
        var content = File.ReadAllBytes(folder[row.StoredAs]);
        content[row.Offset + 10] ^= 1;
        File.WriteAllBytes(folder[row.StoredAs], content);
        var finding = Assert.Single(await FindAsync(store, ReadScope.All));
        Assert.Equal("entry-damaged", finding.Code);
        Assert.Contains(row.StoredAs, finding.Message);
        Assert.Contains(row.Hash.ToString(), finding.Message);
        Assert.Contains(ObjectHash.Of(content.AsSpan((int)row.Offset, (int)row.SizeBytes)).ToString(), finding.Message);
        Assert.Contains("1/thumb2", finding.Message);
        Assert.Empty(await FindAsync(store, ReadScope.None));
    }

    [Fact]
    public async Task A_removed_snapshot_is_noticed_by_the_one_after_it()
    {
        await using var store = await MakeAsync();
        var first = Directory.GetDirectories(folder["snapshots"]).Order().First();
        Directory.Delete(first, recursive: true);
        var finding = Assert.Single(await FindAsync(store, ReadScope.None));
        Assert.Equal("snapshot-gone", finding.Code);
        Assert.Contains(Path.GetFileName(first), finding.Message);
    }

    [Fact]
    public async Task A_signature_that_was_removed_is_an_error_whoever_names_the_snapshot()
    {
        await using var store = await MakeAsync();
        foreach (var snapshot in Directory.GetDirectories(folder["snapshots"]))
        {
            var signature = Path.Combine(snapshot, "snapshot.json.minisig");
            var content = File.ReadAllBytes(signature);
            File.Delete(signature);
            var error = Assert.Single(await FindAsync(store, ReadScope.None), finding => finding.Severity == Severity.Error);
            Assert.Equal(("signature-missing", Path.GetRelativePath(folder.Path, signature)), (error.Code, error.Subject));
            File.WriteAllBytes(signature, content);
        }

        // Named by its successor, a snapshot without a manifest is no interrupted run.
        File.Delete(Path.Combine(Directory.GetDirectories(folder["snapshots"]).Order().First(), "snapshot.json"));
        Assert.Equal("snapshot-gone", Assert.Single(
            await FindAsync(store, ReadScope.None), finding => finding.Severity == Severity.Error).Code);
    }

    [Fact]
    public async Task A_description_that_was_changed_is_an_error_until_a_signed_snapshot_has_it()
    {
        await using var store = await MakeAsync();
        File.AppendAllText(folder["nestegg.json"], "\n");
        Assert.Equal("description-changed", Assert.Single(await FindAsync(store, ReadScope.None)).Code);
        await sample!.ReopenAsync(store, Token);
        await sample.BackUpAsync(Second, Token);
        Assert.Empty(await FindAsync(store, ReadScope.None));
    }

    [Fact]
    public async Task A_repository_that_was_set_back_is_noticed_by_a_machine_that_remembers()
    {
        await using var store = await MakeAsync();
        var memory = folder["memory"];
        Assert.Empty(await FindAsync(store, ReadScope.None, memory));
        var newest = Directory.GetDirectories(folder["snapshots"]).Order().Last();
        Directory.Delete(newest, recursive: true);
        Assert.Equal("rolled-back", Assert.Single(await FindAsync(store, ReadScope.None, memory)).Code);
        Assert.Equal("rolled-back", Assert.Single(await FindAsync(store, ReadScope.None, memory)).Code);
        Directory.Delete(memory, recursive: true);
        Assert.Empty(await FindAsync(store, ReadScope.None, memory));
    }

    [Theory]
    [InlineData("next/3", 3, true)]
    [InlineData("next/3", 3, false)]
    [InlineData("20%", 5, true)]
    public async Task Successive_parts_cover_everything(string part, int runs, bool remembers)
    {
        await using var store = await MakeAsync();
        foreach (var key in Keys()
            .Where(key => key.StartsWith("objects/", StringComparison.Ordinal) || key.StartsWith("packs/", StringComparison.Ordinal)))
        {
            var bytes = File.ReadAllBytes(folder[key]);
            bytes[600] ^= 1;
            File.WriteAllBytes(folder[key], bytes);
        }

        var found = new List<string>();
        for (var day = 0; day < runs; day++)
        {
            var time = new StillTime(new DateTimeOffset(2026, 11, 23 + day, 3, 0, 0, TimeSpan.Zero));
            var findings = await FindAsync(store, Parse(part), folder[remembers ? "memory" : $"memory{day}"], time);
            found.AddRange(findings.Select(finding => finding.Subject.Split('#')[0]));
        }

        Assert.Equal(4, found.Count);
        Assert.Equal(4, found.Distinct().Count());
    }

    [Fact]
    public async Task Numbered_parts_are_disjoint_and_a_whole_percentage_is_everything()
    {
        await using var store = await MakeAsync();
        var parts = new long[3];
        for (var part = 1; part <= 3; part++)
        {
            parts[part - 1] = (await CheckAsync(store, Parse($"{part}/3"))).Counts.ReadBytes;
        }

        var all = (await CheckAsync(store, Parse("100%"))).Counts.ReadBytes;
        var none = (await CheckAsync(store, ReadScope.None)).Counts.ReadBytes;
        Assert.Equal(all - none, parts.Sum(part => part - none));
    }

    [Theory]
    [InlineData("0%")]
    [InlineData("101%")]
    [InlineData("0/3")]
    [InlineData("4/3")]
    [InlineData("3")]
    [InlineData("next/0")]
    [InlineData("x/3")]
    [InlineData("")]
    public void Anything_else_is_no_subset(string text) => Assert.False(ReadScope.TryParse(text, out _));

    [Fact]
    public async Task What_an_interrupted_run_left_is_a_note_and_no_more()
    {
        await using var store = await MakeAsync();
        await using (var writer = await sample!.Repository.BeginSnapshotAsync(sample.SigningKey, TimeProvider.System, Random.Shared, Token))
        {
            var stored = await writer.LoadObjectsAsync(Token);
            await writer.PutSecretAsync(SecretPart.Database, (_, _) => Task.CompletedTask, 0, Token);
            await stored.Writer.AddAsync("3/orphan", 0, new MemoryStream([1, 2, 3]), 3, Token);
            await stored.Writer.FinishAsync(Token);
        }

        var (findings, counts) = await CheckAsync(store, ReadScope.All);
        Assert.Equal(["snapshot-unfinished"], findings.Select(finding => finding.Code));
        Assert.Equal(1, counts.UnusedFiles);
        Assert.Equal(0, counts.Errors + counts.Warnings);
    }

    private SampleRepository? sample;

    private async Task<LocalStore> MakeAsync()
    {
        var store = LocalStore.Create(folder.Path);
        sample = await SampleRepository.CreateAsync(store, Token);
        await sample.BackUpAsync(First, Token);
        await sample.BackUpAsync(Second, Token);
        return store;
    }

    private IEnumerable<string> Keys() =>
        [.. Directory.GetFiles(folder.Path, "*", SearchOption.AllDirectories).Select(path => Path.GetRelativePath(folder.Path, path))
            .Where(key => !key.StartsWith("memory", StringComparison.Ordinal)).Order()];

    private static void Apply(string damage, string path, byte[] content)
    {
        var changed = content.ToArray();
        switch (damage)
        {
            case "flip-first":
                // The first line of a signature is a comment that nobody believes.
                changed[path.EndsWith(".minisig", StringComparison.Ordinal) ? content.AsSpan().IndexOf((byte)'\n') + 5 : 0] ^= 1;
                break;
            case "flip-middle":
                changed[changed.Length / 2] ^= 1;
                break;
            case "flip-last":
                changed[^2] ^= 1;
                break;
            case "truncate":
                changed = changed[..^(changed.Length / 3)];
                break;
            case "empty":
                changed = [];
                break;
            case "append":
                changed = [.. changed, .. "\nx"u8];
                break;
            case "delete":
                File.Delete(path);
                return;
            default:
                File.Move(path, path + "x");
                return;
        }

        File.WriteAllBytes(path, changed);
    }

    private static bool Names(Finding finding, string key) =>
        finding.Severity >= Severity.Warning
        && (finding.Subject.Contains(key, StringComparison.Ordinal) || finding.Message.Contains(key, StringComparison.Ordinal));

    private void Swap(string a, string b)
    {
        File.Move(folder[a], folder["swap"]);
        File.Move(folder[b], folder[a]);
        File.Move(folder["swap"], folder[b]);
    }

    private static async Task<IndexRow> RowAsync(IStore store, string key)
    {
        var repository = await Repository.OpenAsync(store, Token);
        var manifest = await repository.ReadManifestAsync("latest", RunEvents.Nowhere(), Token);
        await foreach (var row in repository.ReadLiveRowsAsync(manifest, Token))
        {
            if (row.Key == key)
            {
                return row;
            }
        }

        throw new InvalidOperationException($"There is no {key}.");
    }

    private static ReadScope Parse(string text) =>
        ReadScope.TryParse(text, out var scope) ? scope : throw new InvalidOperationException(text);

    private static async Task<List<Finding>> FindAsync(IStore store, ReadScope scope, string? memory = null, TimeProvider? time = null) =>
        (await CheckAsync(store, scope, memory, time)).Findings;

    private static async Task<(List<Finding> Findings, CheckCounts Counts)> CheckAsync(
        IStore store, ReadScope scope, string? memory = null, TimeProvider? time = null)
    {
        using var fresh = new TemporaryFolder();
        var events = new RunEvents();
        try
        {
            var repository = await Repository.OpenAsync(store, Token);
            var options = new CheckOptions
            {
                Read = scope, MemoryFolder = memory
                ?? fresh.Path, Time = time ?? TimeProvider.System, Random = Random.Shared
            };
            var counts = await new RepositoryCheck(repository, options, new RunLog(events)).RunAsync(Token);
            Assert.Equal(events.Findings.Count(finding => finding.Severity == Severity.Error), counts.Errors);
            return ([.. events.Findings], counts);
        }
        catch (NesteggException e) when (e.Kind == FailureKind.NoRepository)
        {
            return ([new Finding("no-repository", Severity.Error, "", e.Message)], new CheckCounts());
        }
    }
}

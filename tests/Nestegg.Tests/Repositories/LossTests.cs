using Nestegg.Checks;
using Nestegg.Repositories;
using Nestegg.Repositories.Files;
using Nestegg.Repositories.Index;
using Nestegg.Repositories.Manifests;
using Nestegg.Stores.Local;
using Nestegg.TestKit;

namespace Nestegg.Tests.Repositories;

/// <summary>What the repository has lost: noticed by the next writer, and put back as it was.</summary>
public sealed class LossTests : IDisposable
{
    private static readonly Dictionary<string, byte[]> Objects = new()
    {
        ["1/large"] = SampleRepository.Content(1_100_000, 1),
        ["1/a"] = SampleRepository.Content(5_000, 2),
        ["1/b"] = SampleRepository.Content(6_000, 3),
        ["1/same-as-b"] = SampleRepository.Content(6_000, 3),
        ["1/c"] = SampleRepository.Content(7_000, 4),
    };

    private readonly TemporaryFolder folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private string LargePath => Directory.GetFiles(folder["objects"], "*", SearchOption.AllDirectories).Single();

    private string PackPath => Directory.GetFiles(folder["packs"], "*", SearchOption.AllDirectories).Single();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("gone")]
    [InlineData("short")]
    [InlineData("cut")]
    [InlineData("longer")]
    [InlineData("empty")]
    public async Task A_file_that_is_gone_or_of_another_length_is_not_relied_upon(string loss)
    {
        using var sample = await MakeAsync();
        foreach (var (path, objects) in new[] { (LargePath, 1), (PackPath, 4) })
        {
            Lose(path, loss);
            Assert.NotEqual(0, await CheckAsync(sample, ReadScope.None));
            Assert.Equal(objects, (await sample.BackUpAsync(Objects, Token)).Counts.NewObjects);
            Assert.Equal(0, (await sample.BackUpAsync(Objects, Token)).Counts.NewObjects);
            Assert.Equal(0, await CheckAsync(sample));
        }
    }

    [Fact]
    public async Task Bytes_that_nobody_has_read_are_not_taken_for_an_object_because_of_their_length()
    {
        using var sample = await MakeAsync();
        var content = SampleRepository.Content(1_200_000, 7);
        var key = RepositoryKeys.Object(ObjectHash.Of(content));
        Directory.CreateDirectory(Path.GetDirectoryName(folder[key])!);
        File.WriteAllBytes(folder[key], new byte[content.Length]);
        await sample.BackUpAsync(new Dictionary<string, byte[]>(Objects) { ["1/new"] = content }, Token);
        Assert.Equal(content, File.ReadAllBytes(folder[key]));
    }

    [Fact]
    public async Task The_manifest_says_when_the_stored_files_were_listed()
    {
        using var sample = await MakeAsync();
        var before = DateTimeOffset.UtcNow.AddMilliseconds(-1);
        var manifest = await sample.BackUpAsync(Objects, Token);
        Assert.InRange(manifest.PresenceCheckedAt!.Value, before, manifest.FinishedAt);
    }

    [Theory]
    [InlineData("gone")]
    [InlineData("short")]
    [InlineData("longer")]
    [InlineData("flip")]
    public async Task A_file_is_put_back_byte_for_byte_from_its_objects(string loss)
    {
        using var sample = await MakeAsync();
        foreach (var path in new[] { LargePath, PackPath })
        {
            var whole = File.ReadAllBytes(path);
            Lose(path, loss);
            Assert.True(await PutBackAsync(sample, path, key => Objects[key]));
            Assert.Equal(whole, File.ReadAllBytes(path));
        }
    }

    [Fact]
    public async Task Of_a_damaged_pack_only_what_is_damaged_has_to_come_from_elsewhere()
    {
        using var sample = await MakeAsync();
        var whole = File.ReadAllBytes(PackPath);
        Lose(PackPath, "flip");
        var fetched = new List<string>();
        Assert.True(await PutBackAsync(sample, PackPath, key =>
        {
            fetched.Add(key);
            return Objects[key];
        }));
        Assert.Single(fetched);
        Assert.Equal(whole, File.ReadAllBytes(PackPath));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("other")]
    [InlineData("longer")]
    public async Task What_is_not_to_be_had_or_is_something_else_is_not_written(string? kind)
    {
        using var sample = await MakeAsync();
        foreach (var path in new[] { LargePath, PackPath })
        {
            Lose(path, "short");
            var before = File.ReadAllBytes(path);
            Assert.False(await PutBackAsync(sample, path, key => kind switch
            {
                null => null,
                "longer" when key != "1/a" => [.. Objects[key], 0],
                _ => SampleRepository.Content(Objects[key].Length, 99),
            }));
            Assert.Equal(before, File.ReadAllBytes(path));
        }
    }

    [Fact]
    public async Task What_a_reading_check_found_damaged_is_not_relied_upon_by_the_next_writer()
    {
        using var sample = await MakeAsync();
        Lose(LargePath, "flip");
        Lose(PackPath, "flip");
        Assert.Equal(0, (await sample.BackUpAsync(Objects, Token)).Counts.NewObjects);
        Assert.NotEqual(0, await CheckAsync(sample));
        Assert.Equal(Objects.Count, (await sample.BackUpAsync(Objects, Token)).Counts.NewObjects);
    }

    [Fact]
    public async Task A_false_claim_of_damage_costs_a_read_and_no_more()
    {
        using var sample = await MakeAsync();
        Directory.CreateDirectory(folder["damage"]);
        File.WriteAllText(
            folder["damage/claim.txt"],
            string.Concat(new[] { LargePath, PackPath, folder["nestegg.json"], "../etc/passwd", "/" }
                .Select(path => Path.GetRelativePath(folder.Path, path) + "\n")));
        await using var writer = await sample.Repository.BeginSnapshotAsync(sample.SigningKey, TimeProvider.System, Random.Shared, Token);
        var objects = await writer.LoadObjectsAsync(Token);
        Assert.Empty(objects.Damage.Damaged);
        Assert.Equal(0, objects.Known.Lost().Count);
        await sample.Repository.DamageClaims.SettleAsync(objects.Damage, [], Token);
        Assert.Empty(Directory.EnumerateFiles(folder["damage"]));
    }

    [Fact]
    public async Task A_thousand_false_claims_and_a_record_that_cannot_be_read_hide_no_true_one()
    {
        using var sample = await MakeAsync();
        Lose(LargePath, "flip");
        await CheckAsync(sample);
        File.WriteAllText(
            folder["damage/0.txt"],
            string.Concat(Enumerable.Range(0, 1000).Select(i => RepositoryKeys.Object(ObjectHash.Of(BitConverter.GetBytes(i))) + "\n")));
        await ExternalProgram.RunAsync("mkfifo", [folder["damage/00"]], Token);
        File.WriteAllBytes(folder["damage/1.txt"], new byte[1 << 20]);
        File.WriteAllText(folder["damage/a\\b"], "");
        var findings = new List<Finding>();
        var damage = await sample.Repository.DamageClaims.VerifyAsync(findings, Token);
        Assert.Contains(Path.GetRelativePath(folder.Path, LargePath), damage.Damaged);
        Assert.InRange(findings.Count, 2, 3);
        Assert.All(findings, finding => Assert.Equal("damage-unread", finding.Code));
    }

    [Fact]
    public async Task A_claim_of_a_file_that_somebody_made_huge_costs_no_more_than_its_length()
    {
        using var sample = await MakeAsync();
        Directory.CreateDirectory(folder["damage"]);
        var keys = Enumerable.Range(0, 3).Select(i => RepositoryKeys.Object(ObjectHash.Of(BitConverter.GetBytes(i)))).ToList();
        foreach (var path in keys.Select(key => folder[key]))
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            using var huge = File.Create(path);
            huge.SetLength(1L << 40);
        }

        await sample.Repository.DamageClaims.WriteAsync(keys, Token);
        var damage = await sample.Repository.DamageClaims.VerifyAsync([], Token);
        Assert.Equal(keys.Count, damage.Damaged.Count);
    }

    [Fact]
    public async Task More_damage_than_a_record_holds_is_on_several()
    {
        using var sample = await MakeAsync();
        var keys = Enumerable.Range(0, 2500).Select(i => RepositoryKeys.Object(ObjectHash.Of(BitConverter.GetBytes(i)))).ToList();
        Assert.Equal(3, (await sample.Repository.DamageClaims.WriteAsync(keys, Token)).Count);
        var damage = await sample.Repository.DamageClaims.VerifyAsync([], Token);
        Assert.Equal(keys.Count, damage.Damaged.Count);
        await sample.Repository.DamageClaims.SettleAsync(damage, [], Token);
        Assert.Empty(Directory.EnumerateFiles(folder["damage"]));
    }

    [Fact]
    public async Task What_could_not_be_mended_stays_on_the_record()
    {
        using var sample = await MakeAsync();
        Lose(LargePath, "flip");
        Lose(PackPath, "flip");
        await CheckAsync(sample);
        var damage = await sample.Repository.DamageClaims.VerifyAsync([], Token);
        Assert.Equal(2, damage.Damaged.Count);
        var pack = Path.GetRelativePath(folder.Path, PackPath);
        await sample.Repository.DamageClaims.SettleAsync(damage, [pack], Token);
        Assert.Equal([pack], (await sample.Repository.DamageClaims.VerifyAsync([], Token)).Damaged);
    }

    [Fact]
    public async Task Index_files_that_are_gone_are_told()
    {
        using var sample = await MakeAsync();
        Directory.Delete(folder["index"], recursive: true);
        await using var writer = await sample.Repository.BeginSnapshotAsync(sample.SigningKey, TimeProvider.System, Random.Shared, Token);
        var objects = await writer.LoadObjectsAsync(Token);
        Assert.Equal("index-missing", Assert.Single(objects.Findings).Code);
    }

    [Fact]
    public async Task It_is_known_which_snapshots_need_what_is_lost()
    {
        using var sample = await MakeAsync();
        var more = new Dictionary<string, byte[]>(Objects) { ["2/new"] = SampleRepository.Content(9_000, 9) };
        var second = await sample.BackUpAsync(more, Token);
        File.Delete(LargePath);
        await using var writer = await sample.Repository.BeginSnapshotAsync(sample.SigningKey, TimeProvider.System, Random.Shared, Token);
        var objects = await writer.LoadObjectsAsync(Token);
        var needs = await sample.Repository.WhoNeedsAsync(objects.Known.Lost(), Token)
            .Select(entry => (entry.Manifest.Id, entry.Needed.Count)).ToListAsync(Token);
        Assert.Equal([(second.Id, 1L), (second.Previous!.Id, 1L)], needs);
    }

    private async Task<SampleRepository> MakeAsync()
    {
        var sample = await SampleRepository.CreateAsync(LocalStore.Create(folder.Path), Token);
        await sample.BackUpAsync(Objects, Token);
        return sample;
    }

    private static void Lose(string path, string loss)
    {
        var bytes = File.ReadAllBytes(path);
        switch (loss)
        {
            case "gone":
                File.Delete(path);
                break;
            case "short":
                File.WriteAllBytes(path, bytes[..1000]);
                break;
            case "cut":
                File.WriteAllBytes(path, bytes[..^1]);
                break;
            case "longer":
                File.WriteAllBytes(path, [.. bytes, 0]);
                break;
            case "empty":
                File.WriteAllBytes(path, []);
                break;
            default:
                bytes[700] ^= 1;
                File.WriteAllBytes(path, bytes);
                break;
        }
    }

    private async Task<bool> PutBackAsync(SampleRepository sample, string path, Func<string, byte[]?> fetch)
    {
        var key = Path.GetRelativePath(folder.Path, path);
        var name = Path.GetFileName(Directory.GetFiles(folder["index"]).Single());
        var index = await sample.Repository.ReadIndexAsync(name, Token);
        var file = await Repository.ReadRowsByFileAsync(index, Token).SingleAsync(rows => rows.Key == key, Token);
        return await sample.Repository.TryPutBackAsync(
            file, (row, _) => Task.FromResult<Stream?>(fetch(row.Key) is { } bytes ? new MemoryStream(bytes) : null), Token);
    }

    private static async Task<long> CheckAsync(SampleRepository sample, ReadScope? read = null)
    {
        using var memory = new TemporaryFolder();
        var options = new CheckOptions { Read = read ?? ReadScope.All, MemoryFolder = memory.Path, Random = Random.Shared };
        return (await new RepositoryCheck(sample.Repository, options, new RunLog(new RunEvents())).RunAsync(Token)).Errors;
    }
}

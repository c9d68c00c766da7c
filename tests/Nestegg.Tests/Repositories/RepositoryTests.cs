using System.Text;
using Nestegg.Formats.Age;
using Nestegg.Formats.Minisign;
using Nestegg.Repositories;
using Nestegg.Repositories.Files;
using Nestegg.Repositories.Manifests;
using Nestegg.Stores.Local;
using Nestegg.TestKit;

namespace Nestegg.Tests.Repositories;

public sealed class RepositoryTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task A_repository_that_vanishes_while_a_snapshot_is_written_is_told_by_the_write_and_never_made_anew()
    {
        await using var store = LocalStore.Create(folder["repository"]);
        using var sample = await SampleRepository.CreateAsync(store, Token);
        var failure = await Assert.ThrowsAsync<NesteggException>(async () =>
        {
            await using var writer =
                await sample.Repository.BeginSnapshotAsync(sample.SigningKey, TimeProvider.System, Random.Shared, Token);
            await writer.PutSecretAsync(SecretPart.Database, async (stream, token) =>
            {
                await stream.WriteAsync(SampleRepository.Database, token);
                Directory.Move(folder["repository"], folder["elsewhere"]);
            }, 1000, Token);
        });
        Assert.Contains($"cannot write {folder["repository"]}/snapshots/", failure.Message, StringComparison.Ordinal);
        Assert.Contains("does not exist", failure.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder["repository"]));
    }

    [Fact]
    public async Task An_empty_place_is_no_repository()
    {
        await using var store = LocalStore.Create(folder.Path);
        var e = await Assert.ThrowsAsync<NesteggException>(() => Repository.OpenAsync(store, Token));
        Assert.Equal(FailureKind.NoRepository, e.Kind);
        Assert.Contains(folder.Path, e.Message);
        Assert.Contains("nestegg init", e.Hint);
    }

    [Theory]
    [InlineData("", "damaged")]
    [InlineData("[]", "damaged")]
    [InlineData("{}", "damaged")]
    [InlineData("{\"format\": 1", "damaged")]
    [InlineData("{\"format\": 2, \"whatever\": true}", "of format 2")]
    [InlineData(
        "{\"format\":1,\"id\":\"x\",\"createdAt\":\"2026-11-23T19:00:00Z\",\"recipients\":[\"age1x\"],\"signingKey\":\"RWQ\"}", "no keys")]
    [InlineData(
        "{\"format\":1,\"id\":\"../../x\",\"createdAt\":\"2026-11-23T19:00:00Z\",\"recipients\":"
        + "[\"age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj\"],"
        + "\"signingKey\":\"RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3\"}", "its id is none")]
    public async Task A_broken_description_is_said_to_be_so(string json, string what)
    {
        await using var store = LocalStore.Create(folder.Path);
        File.WriteAllText(folder["nestegg.json"], json);
        var e = await Assert.ThrowsAsync<NesteggException>(() => Repository.OpenAsync(store, Token));
        Assert.Equal(FailureKind.NoRepository, e.Kind);
        Assert.Contains(what, e.Message);
        Assert.Contains(folder.Path, e.Message);
    }

    [Fact]
    public async Task A_second_repository_is_not_made_over_the_first()
    {
        await using var store = LocalStore.Create(folder.Path);
        using var sample = await SampleRepository.CreateAsync(store, Token);
        var before = File.ReadAllText(folder["nestegg.json"]);
        var e = await Assert.ThrowsAsync<NesteggException>(() => SampleRepository.CreateAsync(store, Token));
        Assert.Equal(FailureKind.BadInput, e.Kind);
        Assert.Equal(before, File.ReadAllText(folder["nestegg.json"]));
    }

    [Fact]
    public async Task An_identity_file_tells_its_repository_from_another()
    {
        await using var store = LocalStore.Create(folder.Path);
        using var sample = await SampleRepository.CreateAsync(store, Token);
        var repository = sample.Repository;
        repository.CheckAgainst(await FileAsync(repository.Description.Id, repository.Description.SigningKey));
        var other = await FileAsync("00", repository.Description.SigningKey);
        Assert.Equal(FailureKind.WrongIdentity, Assert.Throws<NesteggException>(() => repository.CheckAgainst(other)).Kind);
        var swapped = await FileAsync(repository.Description.Id, "RWQother");
        Assert.Equal(FailureKind.Damaged, Assert.Throws<NesteggException>(() => repository.CheckAgainst(swapped)).Kind);

        Task<AgeIdentityFile> FileAsync(string id, string key) => AgeIdentityFile.ReadAsync(
            new MemoryStream(AgeIdentityFile.Write(sample.Identity, DateTimeOffset.UnixEpoch, [
                new(Repository.RepositoryComment, id), new(Repository.SigningKeyComment, key)
            ])),
            "key.txt", (_, _) => throw new InvalidOperationException(), Token);
    }

    [Fact]
    public async Task A_manifest_signed_with_another_key_is_not_believed()
    {
        await using var store = LocalStore.Create(folder.Path);
        using var sample = await SampleRepository.CreateAsync(store, Token);
        var manifest = await sample.BackUpAsync(new Dictionary<string, byte[]>(), Token);
        using var other = MinisignSecretKey.Generate();
        var path = folder[RepositoryKeys.SnapshotFile(manifest.Id, RepositoryKeys.Manifest)];
        File.WriteAllBytes(path + ".minisig", other.Sign(
            File.ReadAllBytes(path), $"nestegg snapshot {manifest.Id} repository {sample.Repository.Description.Id}"));
        var e = await Assert.ThrowsAsync<NesteggException>(() => sample.Repository.ReadManifestAsync("latest", Token));
        Assert.Equal(FailureKind.Damaged, e.Kind);
        Assert.Contains(manifest.Id.ToString(), e.Message);
    }

    [Fact]
    public async Task A_snapshot_is_found_by_the_beginning_of_its_id()
    {
        await using var store = LocalStore.Create(folder.Path);
        using var sample = await SampleRepository.CreateAsync(store, Token);
        var first = await sample.BackUpAsync(new Dictionary<string, byte[]>(), Token);
        var second = await sample.BackUpAsync(new Dictionary<string, byte[]>(), Token);
        Assert.Equal(second.Id, await sample.Repository.FindSnapshotAsync("latest", Token));
        Assert.Equal(first.Id, await sample.Repository.FindSnapshotAsync(first.Id.ToString()[..^2], Token));
        Assert.Contains(
            "any of 2", (await Assert.ThrowsAsync<NesteggException>(() => sample.Repository.FindSnapshotAsync("20", Token))).Message);
        Assert.Equal(FailureKind.BadInput, (await Assert.ThrowsAsync<NesteggException>(
            () => sample.Repository.FindSnapshotAsync("1999", Token))).Kind);
    }

    [Fact]
    public void Ids_sort_in_the_order_of_the_runs_even_when_the_clock_goes_back()
    {
        var now = new DateTimeOffset(2026, 11, 23, 19, 0, 0, 500, TimeSpan.Zero);
        var first = SnapshotId.New(now, null, new Random(1));
        var second = SnapshotId.New(now, first, new Random(2));
        var third = SnapshotId.New(now.AddDays(-1), second, new Random(3));
        Assert.True(first.CompareTo(second) < 0 && second.CompareTo(third) < 0);
        Assert.True(string.CompareOrdinal(first.ToString(), second.ToString()) < 0);
        Assert.StartsWith("20261123T190000Z-", first.ToString());
        Assert.True(SnapshotId.TryParse(third.ToString(), out var read));
        Assert.Equal(third, read);
        Assert.False(SnapshotId.TryParse("20261123T190000Z-0000000X", out _));
        Assert.False(SnapshotId.TryParse("20261323T190000Z-00000000", out _));
    }

    [Fact]
    public async Task Missing_objects_are_all_in_their_file_and_the_first_thousand_in_the_manifest()
    {
        await using var store = LocalStore.Create(folder.Path);
        using var sample = await SampleRepository.CreateAsync(store, Token);
        await using var writer = await sample.Repository.BeginSnapshotAsync(sample.SigningKey, TimeProvider.System, Random.Shared, Token);
        var stored = await writer.LoadObjectsAsync(Token);
        for (var i = 0; i < 1100; i++)
        {
            await writer.AddMissingAsync(new MissingObject($"1/\t{i}", i - 1, "file", "404"), Token);
        }

        var manifest = await writer.CommitAsync(SampleRepository.Draft(new Dictionary<string, byte[]>()), stored, Token);
        Assert.Equal(1000, manifest.Missing.Count);
        await using var file = new ZstdReader(
            await sample.Repository.OpenFileAsync(manifest, RepositoryKeys.MissingRows, Token), "missing");
        var lines = (await new StreamReader(file, Encoding.UTF8).ReadToEndAsync(Token)).TrimEnd('\n').Split('\n');
        Assert.Equal(1100, lines.Length);
        Assert.True(MissingRows.TryParse(lines[1099], out var last));
        Assert.Equal(new MissingObject("1/\t1099", 1098, "file", "404"), last);
    }

    [Fact]
    public async Task Many_tasks_store_objects_at_once()
    {
        await using var store = LocalStore.Create(folder.Path);
        using var sample = await SampleRepository.CreateAsync(store, Token);
        await using var writer = await sample.Repository.BeginSnapshotAsync(sample.SigningKey, TimeProvider.System, Random.Shared, Token);
        var stored = await writer.LoadObjectsAsync(Token);
        await Parallel.ForAsync(0, 120, Token, async (i, token) =>
            await stored.Writer.AddAsync($"1/{i}", 0, new MemoryStream(SampleRepository.Content(400_000, i)), 400_000, token));
        var manifest = await writer.CommitAsync(SampleRepository.Draft(new Dictionary<string, byte[]>()), stored, Token);
        var keys = new HashSet<string>();
        await foreach (var row in sample.Repository.ReadLiveRowsAsync(manifest, Token))
        {
            await using var stream = await sample.Repository.OpenObjectAsync(row, Token);
            await stream.CopyToAsync(Stream.Null, Token);
            Assert.True(keys.Add(row.Key));
        }

        Assert.Equal(120, keys.Count);
        Assert.InRange(Directory.GetFiles(folder["packs"], "*", SearchOption.AllDirectories).Length, 3, 4);
    }

    [Fact]
    public async Task A_damaged_index_file_costs_only_that_its_objects_are_stored_again()
    {
        await using var store = LocalStore.Create(folder.Path);
        using var sample = await SampleRepository.CreateAsync(store, Token);
        var objects = new Dictionary<string, byte[]> { ["1/a"] = [1], ["1/b"] = [2] };
        var first = await sample.BackUpAsync(objects, Token);
        var path = folder[RepositoryKeys.IndexFile(first.Index[0].Name)];
        var content = File.ReadAllBytes(path);
        content[content.Length / 2] ^= 1;
        File.WriteAllBytes(path, content);

        var second = await sample.BackUpAsync(objects, Token);
        Assert.Equal(2, second.Counts.NewObjects);
        Assert.DoesNotContain(first.Index[0].Name, second.Index.Select(index => index.Name));
    }
}

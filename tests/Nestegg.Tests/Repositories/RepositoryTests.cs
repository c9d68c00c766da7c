using System.Text;
using Nestegg.Formats.Age;
using Nestegg.Formats.Minisign;
using Nestegg.Repositories;
using Nestegg.Repositories.Files;
using Nestegg.Repositories.Index;
using Nestegg.Repositories.Manifests;
using Nestegg.Stores.Local;
using Nestegg.TestKit;

namespace Nestegg.Tests.Repositories;

public sealed class RepositoryTests : IDisposable
{
    private static readonly IReadOnlySet<SnapshotId> Nothing = new HashSet<SnapshotId>();

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
            "key.txt", (_, _, _) => throw new InvalidOperationException(), Token);
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
        var e = await Assert.ThrowsAsync<NesteggException>(() => sample.Repository.ReadManifestAsync("latest", RunEvents.Nowhere(), Token));
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
        Assert.Equal(second.Id, (await FindAsync("latest")).Id);
        Assert.Equal(first.Id, (await FindAsync(first.Id.ToString()[..^2])).Id);
        Assert.Contains("any of 2", (await Assert.ThrowsAsync<NesteggException>(() => FindAsync("20"))).Message);
        Assert.Equal(FailureKind.BadInput, (await Assert.ThrowsAsync<NesteggException>(() => FindAsync("1999"))).Kind);

        Task<Manifest> FindAsync(string name) => sample.Repository.ReadManifestAsync(name, RunEvents.Nowhere(), Token);
    }

    [Fact]
    public void Ids_sort_in_the_order_of_the_runs_whatever_the_clocks_say()
    {
        var now = new DateTimeOffset(2026, 11, 23, 19, 0, 0, 500, TimeSpan.Zero);
        var ids = new List<SnapshotId>();
        foreach (var moment in new[] { now, now, now.AddDays(-1), DateTimeOffset.MaxValue, now.AddDays(1) })
        {
            ids.Add(SnapshotId.New(moment, ids.Count == 0 ? null : ids[^1], new Random(ids.Count)));
            Assert.StartsWith($"{moment.UtcDateTime:yyyyMMddTHHmmssZ}-", ids[^1].ToString());
            Assert.True(SnapshotId.TryParse(ids[^1].ToString(), out var read));
            Assert.Equal(ids[^1], read);
        }

        Assert.Equal(Enumerable.Range(1, ids.Count), ids.Select(id => id.Number));
        Assert.Equal(ids, ids.OrderDescending().Reverse());
        Assert.False(SnapshotId.TryParse("20261123T190000Z-0000000X", out _));
        Assert.False(SnapshotId.TryParse("20261323T190000Z-00000000", out _));
    }

    [Fact]
    public async Task Folders_that_nobody_signed_neither_stop_a_snapshot_nor_count_for_its_number()
    {
        await using var store = LocalStore.Create(folder.Path);
        using var sample = await SampleRepository.CreateAsync(store, Token);
        var nothing = new Dictionary<string, byte[]>();
        var first = await sample.BackUpAsync(nothing, Token);
        var manifest = File.ReadAllBytes(folder[RepositoryKeys.SnapshotFile(first.Id, RepositoryKeys.Manifest)]);
        var signature = File.ReadAllBytes(folder[RepositoryKeys.SnapshotFile(first.Id, RepositoryKeys.Signature)]);
        var start = first.Id.ToString()[..^3];
        var likeFirst = start + (first.Id.ToString() == start + "000" ? "001" : "000");
        string[] forged = ["99991231T235959Z-fffffabc", $"{start[..^5]}fffff000", "20261123T000000Z-ffffffff", likeFirst];
        await PutAsync(forged[0], RepositoryKeys.Manifest, manifest);
        await PutAsync(forged[0], RepositoryKeys.Signature, signature);
        await PutAsync(forged[1], RepositoryKeys.Manifest, "{}"u8.ToArray());
        await PutAsync(forged[2], RepositoryKeys.Database, [1]);
        await PutAsync(forged[3], RepositoryKeys.Manifest, manifest);
        await PutAsync(forged[3], RepositoryKeys.Signature, signature);

        await using (var writer = await sample.Repository.BeginSnapshotAsync(
            sample.SigningKey, TimeProvider.System, Random.Shared, Token))
        {
            Assert.Equal(2, writer.Id.Number);
            Assert.Equal(first.Hash, writer.Previous!.Hash);
            Assert.Subset(
                writer.NotBelieved.Select(finding => finding.Subject).ToHashSet(),
                new HashSet<string> { $"snapshots/{forged[0]}", $"snapshots/{forged[1]}" });
        }

        var second = await sample.BackUpAsync(nothing, Token);
        Assert.Equal(new PreviousManifest(first.Id, first.Hash), second.Previous);
        var events = new RunEvents();
        Assert.Equal(second.Id, (await sample.Repository.ReadManifestAsync("latest", new RunLog(events), Token)).Id);
        Assert.Equal(2, events.Findings.Count(finding => finding.Code == "snapshot-not-believed"));
        Assert.Equal(first.Id, (await sample.Repository.ReadManifestAsync(start, RunEvents.Nowhere(), Token)).Id);
        Assert.Equal(FailureKind.Damaged, (await Assert.ThrowsAsync<NesteggException>(
            () => sample.Repository.ReadManifestAsync(forged[0], RunEvents.Nowhere(), Token))).Kind);

        Task PutAsync(string id, string name, byte[] content) => store.PutAsync($"snapshots/{id}/{name}", content, Token);
    }

    [Fact]
    public async Task A_newest_snapshot_that_was_signed_and_is_damaged_is_not_passed_over_in_silence()
    {
        await using var store = LocalStore.Create(folder.Path);
        using var sample = await SampleRepository.CreateAsync(store, Token);
        var nothing = new Dictionary<string, byte[]>();
        var first = await sample.BackUpAsync(nothing, Token);
        var second = await sample.BackUpAsync(nothing, Token);
        await store.PutAsync(RepositoryKeys.SnapshotFile(second.Id, RepositoryKeys.Manifest), "{}"u8.ToArray(), Token);
        var e = await Assert.ThrowsAsync<NesteggException>(
            () => sample.Repository.ReadManifestAsync("latest", RunEvents.Nowhere(), Token));
        Assert.Equal(FailureKind.Damaged, e.Kind);
        Assert.Contains(second.Id.ToString(), e.Message);

        // The next backup goes on from the one before it.
        var third = await sample.BackUpAsync(nothing, Token);
        Assert.Equal(new PreviousManifest(first.Id, first.Hash), third.Previous);
        Assert.Equal(3, third.Id.Number);
        Assert.Equal(third.Id, (await sample.Repository.ReadManifestAsync("latest", RunEvents.Nowhere(), Token)).Id);
    }

    [Fact]
    public async Task A_clock_that_jumped_ahead_for_one_run_spoils_nothing_after_it()
    {
        await using var store = LocalStore.Create(folder.Path);
        using var sample = await SampleRepository.CreateAsync(store, Token);
        var days = new[] { 2026, 2099, 2026 };
        var ids = new List<SnapshotId>();
        foreach (var year in days)
        {
            var time = new StillTime(new DateTimeOffset(year, 11, 23, 0, 0, 0, TimeSpan.Zero));
            await using var writer = await sample.Repository.BeginSnapshotAsync(sample.SigningKey, time, Random.Shared, Token);
            var stored = await writer.LoadObjectsAsync(Token);
            await writer.CommitAsync(SampleRepository.Draft(new Dictionary<string, byte[]>()), stored, Token);
            Assert.Equal(ids.Count == 0 ? null : ids[^1], writer.Previous?.Id);
            Assert.StartsWith($"{year}1123", writer.Id.ToString());
            ids.Add(writer.Id);
        }

        Assert.Equal(ids, (await sample.Repository.ListSnapshotsAsync(Token)).Finished);
        Assert.Equal(ids[2], (await sample.Repository.ReadManifestAsync("latest", RunEvents.Nowhere(), Token)).Id);
    }

    [Fact]
    public async Task A_recipient_that_was_slipped_in_is_refused_until_the_operator_writes_it_down()
    {
        await using var store = LocalStore.Create(folder.Path);
        using var sample = await SampleRepository.CreateAsync(store, Token);
        var own = sample.Identity.Recipient.ToString();
        var unsure = await Assert.ThrowsAsync<NesteggException>(() => sample.Repository.RequireOwnRecipientsAsync([], Nothing, Token));
        Assert.Contains($"has no snapshot yet, and the configuration names no recipients, so nothing says whether", unsure.Message);
        Assert.Contains(own, unsure.Message);
        await sample.Repository.RequireOwnRecipientsAsync([own], Nothing, Token);
        await sample.BackUpAsync(new Dictionary<string, byte[]>(), Token);
        await sample.Repository.RequireOwnRecipientsAsync([], Nothing, Token);

        using var stranger = AgeIdentity.Generate();
        var changed = File.ReadAllText(folder["nestegg.json"]).Replace($"\"{own}\"", $"\"{own}\", \"{stranger.Recipient}\"");
        File.WriteAllText(folder["nestegg.json"], changed);
        await sample.ReopenAsync(store, Token);
        var e = await Assert.ThrowsAsync<NesteggException>(() => sample.Repository.RequireOwnRecipientsAsync([], Nothing, Token));
        Assert.Equal(FailureKind.Damaged, e.Kind);
        Assert.Contains(stranger.Recipient.ToString(), e.Message);
        Assert.Contains("recipients:", e.Hint);
        Assert.Equal(FailureKind.Damaged, (await Assert.ThrowsAsync<NesteggException>(
            () => sample.Repository.RequireOwnRecipientsAsync([own], Nothing, Token))).Kind);

        // Written down once, it is in the next manifest, and need not be written down any more.
        await sample.Repository.RequireOwnRecipientsAsync([stranger.Recipient.ToString(), own], Nothing, Token);
        await sample.BackUpAsync(new Dictionary<string, byte[]>(), Token);
        await sample.Repository.RequireOwnRecipientsAsync([], Nothing, Token);
    }

    [Fact]
    public async Task Whose_recipients_they_are_is_not_taken_from_a_repository_none_of_whose_snapshots_is_believed()
    {
        await using var store = LocalStore.Create(folder.Path);
        using var sample = await SampleRepository.CreateAsync(store, Token);
        var manifest = await sample.BackUpAsync(new Dictionary<string, byte[]>(), Token);
        File.WriteAllText(folder[$"snapshots/{manifest.Id}/snapshot.json.minisig"], "x\n");
        var e = await Assert.ThrowsAsync<NesteggException>(() => sample.Repository.RequireOwnRecipientsAsync([], Nothing, Token));
        Assert.Equal(FailureKind.Damaged, e.Kind);
        Assert.Contains("recipients:", e.Hint);
        await sample.Repository.RequireOwnRecipientsAsync([sample.Identity.Recipient.ToString()], Nothing, Token);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_retired_recipient_does_not_come_back_with_an_older_snapshot(bool isDamaged)
    {
        await using var store = LocalStore.Create(folder.Path);
        using var sample = await SampleRepository.CreateAsync(store, Token);
        await sample.BackUpAsync(new Dictionary<string, byte[]>(), Token);
        var newer = await sample.BackUpAsync(new Dictionary<string, byte[]>(), Token);
        if (isDamaged)
        {
            // That there was one is seen from its signature.
            File.AppendAllText(folder[$"snapshots/{newer.Id}/snapshot.json"], " ");
        }
        else
        {
            Directory.Delete(folder[$"snapshots/{newer.Id}"], recursive: true);
        }

        var known = isDamaged ? Nothing : new HashSet<SnapshotId> { newer.Id };
        var e = await Assert.ThrowsAsync<NesteggException>(() => sample.Repository.RequireOwnRecipientsAsync([], known, Token));
        Assert.Equal(FailureKind.Damaged, e.Kind);
        Assert.Contains($"{newer.Id}", e.Message);
        Assert.Contains("recipients:", e.Hint);
        await sample.Repository.RequireOwnRecipientsAsync([sample.Identity.Recipient.ToString()], known, Token);
    }

    [Fact]
    public async Task What_was_never_signed_for_its_place_is_not_read_however_long_it_is()
    {
        await using var store = LocalStore.Create(folder.Path);
        using var sample = await SampleRepository.CreateAsync(store, Token);
        var manifest = await sample.BackUpAsync(new Dictionary<string, byte[]>(), Token);
        Assert.True(SnapshotId.TryParse("20991231T000000Z-00002f04", out var forged));
        Directory.CreateDirectory(folder[$"snapshots/{forged}"]);
        using (var huge = File.Create(folder[$"snapshots/{forged}/snapshot.json"]))
        {
            huge.SetLength(1L << 40);
        }

        // A good signature, of another snapshot; then one that is as long as the manifest.
        var signature = folder[$"snapshots/{forged}/snapshot.json.minisig"];
        File.Copy(folder[$"snapshots/{manifest.Id}/snapshot.json.minisig"], signature);
        var moved = await Assert.ThrowsAsync<NesteggException>(() => sample.Repository.ReadManifestAsync(forged, Token));
        Assert.Contains("moved here from elsewhere", moved.Message);
        using (var huge = File.OpenWrite(signature))
        {
            huge.SetLength(1L << 40);
        }

        var tooLong = await Assert.ThrowsAsync<NesteggException>(() => sample.Repository.ReadManifestAsync(forged, Token));
        Assert.Contains("is longer than 32768 bytes", tooLong.Message);
    }

    [Fact]
    public async Task A_repository_whose_id_was_changed_is_refused_before_another_snapshot_is_made_in_it()
    {
        await using var store = LocalStore.Create(folder.Path);
        using var sample = await SampleRepository.CreateAsync(store, Token);
        await sample.BackUpAsync(new Dictionary<string, byte[]>(), Token);
        var id = sample.Repository.Description.Id;
        var other = (id[0] == '0' ? '1' : '0') + id[1..];
        File.WriteAllText(folder["nestegg.json"], File.ReadAllText(folder["nestegg.json"]).Replace(id, other));
        await sample.ReopenAsync(store, Token);
        var e = await Assert.ThrowsAsync<NesteggException>(
            () => sample.Repository.RequireOwnRecipientsAsync([sample.Identity.Recipient.ToString()], Nothing, Token));
        Assert.Equal(FailureKind.Damaged, e.Kind);
        Assert.Contains(other, e.Message);
        Assert.Contains(id, e.Message);
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

    public static TheoryData<string> PlantedIndexFiles => ["unsigned", "signed by another", "of another repository", "renamed"];

    [Theory]
    [MemberData(nameof(PlantedIndexFiles))]
    public async Task A_planted_index_file_is_told_and_not_believed(string kind)
    {
        await using var store = LocalStore.Create(folder["repository"]);
        using var sample = await SampleRepository.CreateAsync(store, Token);
        var old = new Dictionary<string, byte[]> { ["1/a"] = SampleRepository.Content(5_000, 1) };
        var objects = new Dictionary<string, byte[]>(old) { ["1/new"] = SampleRepository.Content(1_100_000, 2) };
        var first = await sample.BackUpAsync(old, Token);

        // Right keys and lengths, the hashes of garbage, and the garbage beside it; later in the order of names than the true one.
        const string numbered = "20991231T000000Z-fffff000-1";
        var content = kind == "renamed"
            ? File.ReadAllBytes(folder[$"repository/{RepositoryKeys.IndexFile(first.Index[0].Name)}"])
            : await PlantAsync();
        var name = IndexName.Of(numbered, ObjectHash.Of(content));
        await store.PutAsync(RepositoryKeys.IndexFile(name), content, Token);

        await using var writer = await sample.Repository.BeginSnapshotAsync(sample.SigningKey, TimeProvider.System, Random.Shared, Token);
        var stored = await writer.LoadObjectsAsync(Token);
        var finding = Assert.Single(stored.Findings);
        Assert.Equal(("index-unsigned", RepositoryKeys.IndexFile(name)), (finding.Code, finding.Subject));
        Assert.False(stored.Known.TryMark("1/new", 0, objects["1/new"].Length, out _));

        var second = await sample.BackUpAsync(objects, Token);
        Assert.Equal(1, second.Counts.NewObjects);
        var read = new Dictionary<string, byte[]>();
        await foreach (var row in sample.Repository.ReadLiveRowsAsync(second, Token))
        {
            await using var stream = await sample.Repository.OpenObjectAsync(row, Token);
            using var bytes = new MemoryStream();
            await stream.CopyToAsync(bytes, Token);
            read.Add(row.Key, bytes.ToArray());
        }

        Assert.Equal(objects.Keys.Order(), read.Keys.Order());
        Assert.All(objects, item => Assert.True(item.Value.AsSpan().SequenceEqual(read[item.Key]), item.Key));

        async Task<byte[]> PlantAsync()
        {
            using var index = new IndexWriter();
            foreach (var (key, right) in objects)
            {
                var garbage = SampleRepository.Content(right.Length, 99);
                var row = new IndexRow(key, 0, garbage.Length, ObjectHash.Of(garbage), null, 0);
                await store.PutAsync(row.StoredAs, garbage, Token);
                index.Append(row);
            }

            using var other = MinisignSecretKey.Generate();
            var planted = kind == "signed by another"
                ? index.Finish(new IndexSigner(other, sample.Repository.Description.Id), numbered)
                : index.Finish(new IndexSigner(sample.SigningKey, new string('0', 32)), numbered);
            return (kind == "unsigned" ? planted[..^SignatureFrame.SizeBytes] : planted).ToArray();
        }
    }
}

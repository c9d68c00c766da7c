using System.Text.Json;
using Nestegg.Repositories;
using Nestegg.Repositories.Files;
using Nestegg.Repositories.Manifests;
using Nestegg.Stores.Local;
using Nestegg.Stores.S3;
using Nestegg.TestKit;
using Nestegg.TestKit.Instances;

namespace Nestegg.IntegrationTests.Backup;

public class BackupTests(SharedServers servers, KnownInstances instances)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InstanceData]
    public async Task Both_moments_go_into_one_repository_and_the_second_fetches_only_what_is_new(string name)
    {
        using var instance = await StartAsync(name);

        var first = (await BackupAsync(instance, ExitCode.Done)).Summary;
        var before = instance.Moment.Objects;
        Assert.Equal(before.Count, first.GetProperty("objects").GetInt64());
        Assert.Equal(before.Count, first.GetProperty("newObjects").GetInt64());
        await AssertObjectsAsync(instance);

        await instance.MoveToAsync("t2", Token);
        var second = (await BackupAsync(instance, ExitCode.Done)).Summary;
        Assert.Equal(instance.Moment.Objects.Count, second.GetProperty("objects").GetInt64());
        var added = instance.Moment.Objects.ExceptBy(before.Select(item => (item.Key, item.Hash)), item => (item.Key, item.Hash));
        Assert.Equal(added.Count(), second.GetProperty("newObjects").GetInt64());
        await AssertObjectsAsync(instance);
    }

    [Theory]
    [InstanceData]
    public async Task A_second_run_with_nothing_new_fetches_nothing_and_adds_next_to_nothing(string name)
    {
        using var instance = await StartAsync(name);
        await BackupAsync(instance, ExitCode.Done);
        var before = Sizes(instance);
        var second = (await BackupAsync(instance, ExitCode.Done)).Summary;
        Assert.Equal(0, second.GetProperty("newObjects").GetInt64());
        var added = Sizes(instance).Where(file => !before.ContainsKey(file.Key) && !file.Key.EndsWith(".age", StringComparison.Ordinal))
            .Sum(file => file.Value);
        Assert.InRange(added, 1, 64 * 1024);
    }

    [Theory]
    [InstanceData]
    public async Task The_snapshot_keeps_how_its_buckets_were_set_up(string name)
    {
        using var instance = await StartAsync(name);
        await instance.Objects.PutCORSConfigurationAsync(
            new()
            {
                BucketName = instance.Bucket,
                Configuration = new() { Rules = [new() { AllowedOrigins = ["https://photos.example.org"], AllowedMethods = ["GET"] }] },
            }, Token);
        await BackupAsync(instance, ExitCode.Done);
        var buckets = (await LatestAsync(instance)).Buckets.ToDictionary(bucket => bucket.Slot);
        Assert.Equal(["https://photos.example.org"], Assert.Single(buckets["b2-eu-cen"].Settings.Cors.Value!).Origins);
        Assert.Equal(SettingAnswer.Absent, buckets["b2-eu-cen"].Settings.Lifecycle.Answer);
        Assert.Equal(instance.SpareBucket, buckets[instance.SpareSlot].Bucket);
        Assert.Equal(SettingAnswer.Absent, buckets[instance.SpareSlot].Settings.Cors.Answer);
    }

    [Theory]
    [InstanceData]
    public async Task A_missing_original_is_named_and_the_snapshot_is_not_complete(string name)
    {
        using var instance = await StartAsync(name);
        var lost = instance.Moment.Originals()[0];
        await instance.DeleteObjectAsync(lost.Key, Token);
        var run = await BackupAsync(instance, ExitCode.Incomplete);
        Assert.Equal(1, run.Summary.GetProperty("missing").GetInt64());
        Assert.Equal(["object-missing", "objects-missing"], run.FindingCodes("error"));
        var manifest = await LatestAsync(instance);
        Assert.False(manifest.Complete);
        Assert.Equal(lost.Key, Assert.Single(manifest.Missing).Key);
    }

    [Theory]
    [InstanceData]
    public async Task An_object_of_another_length_is_kept_and_named(string name)
    {
        using var instance = await StartAsync(name);
        var cut = instance.Moment.Originals()[0];
        await instance.ReplaceObjectAsync(cut.Key, "cut short", Token);
        await BackupAsync(instance, ExitCode.Incomplete);
        Assert.Contains("9 bytes", Assert.Single((await LatestAsync(instance)).Missing).Reason);
        var again = await BackupAsync(instance, ExitCode.Incomplete);
        Assert.Equal(0, again.Summary.GetProperty("newObjects").GetInt64());
        Assert.Equal(1, again.Summary.GetProperty("missing").GetInt64());
    }

    [Theory]
    [InlineData("-1")]
    [InlineData("0")]
    [InlineData("9223372036854775807")]
    [InlineData("NULL")]
    public async Task A_row_with_a_length_that_no_object_has_is_told_and_its_object_is_kept(string size)
    {
        using var instance = await StartAsync(KnownInstances.Sample);
        var (odd, other) = (instance.Moment.Originals()[0], instance.Moment.Originals()[1]);
        await instance.ExecuteAsync(
            $"ALTER TABLE object_keys ALTER size DROP NOT NULL; UPDATE object_keys SET size = {size} "
            + $"WHERE object_key IN ('{odd.Key}', '{other.Key}')", Token);
        var run = await BackupAsync(instance, ExitCode.Incomplete);
        Assert.Equal(["object-missing", "object-missing", "objects-missing"], run.FindingCodes("error").Order());
        var manifest = await LatestAsync(instance);
        Assert.Equal(new[] { odd.Key, other.Key }.Order(), manifest.Missing.Select(missing => missing.Key).Order());
        Assert.All(manifest.Missing, missing => Assert.Contains("a length that no object has", missing.Reason, StringComparison.Ordinal));
        await AssertObjectsAsync(instance);
        await Cli.ExpectAsync(ExitCode.Incomplete, Token, "audit", "--live", "--config", instance.ConfigurationPath);
    }

    [Theory]
    [InstanceData]
    public async Task Machine_learning_data_that_vanished_is_a_warning_and_no_loss(string name)
    {
        using var instance = await StartAsync(name);
        var derived = instance.Moment.MlData()[0];
        await instance.DeleteObjectAsync(derived.Key, Token);
        var run = await BackupAsync(instance, ExitCode.Done);
        Assert.Equal(1, run.Summary.GetProperty("missingDerived").GetInt64());
        Assert.Equal(["derived-object-missing", "derived-objects-missing"], run.FindingCodes("warning"));
    }

    [Theory]
    [InstanceData]
    public async Task An_object_that_its_slot_has_lost_comes_from_another_slot(string name)
    {
        using var instance = await StartAsync(name);
        var moved = instance.Moment.Originals()[0];
        await instance.Objects.PutObjectAsync(
            new() { BucketName = instance.SpareBucket, Key = moved.Key, FilePath = moved.FilePath, UseChunkEncoding = false }, Token);
        await instance.DeleteObjectAsync(moved.Key, Token);
        await BackupAsync(instance, ExitCode.Done);
        await AssertObjectsAsync(instance);
    }

    [Theory]
    [InstanceData]
    public async Task Bytes_of_deleted_rows_are_kept_and_their_absence_is_no_loss(string name)
    {
        using var instance = await StartAsync(name);
        var (kept, gone) = (instance.Moment.Originals()[0], instance.Moment.Originals()[1]);
        await instance.ExecuteAsync($"UPDATE object_keys SET is_deleted = true WHERE object_key IN ('{kept.Key}', '{gone.Key}')", Token);
        await instance.DeleteObjectAsync(gone.Key, Token);
        var run = await BackupAsync(instance, ExitCode.Done);
        Assert.Equal(instance.Moment.Objects.Count - 1, run.Summary.GetProperty("objects").GetInt64());
        Assert.Equal(0, run.Summary.GetProperty("missing").GetInt64());
    }

    [Theory]
    [InstanceData]
    public async Task A_database_that_shrank_and_a_kind_that_vanished_are_said(string name)
    {
        using var instance = await StartAsync(name);
        await BackupAsync(instance, ExitCode.Done);
        await instance.ExecuteAsync(
            "DELETE FROM file_data WHERE data_type = 'mldata'; DELETE FROM object_keys WHERE file_id > (SELECT min(file_id) + 10 FROM "
            + "object_keys)",
            Token);
        var run = await BackupAsync(instance, ExitCode.Done);
        Assert.Contains("database-shrank", run.FindingCodes("warning"));
        Assert.Contains("object-kind-vanished", run.FindingCodes("warning"));
    }

    [Theory]
    [InstanceData]
    public async Task A_file_that_is_too_large_for_a_setting_is_left_out_and_named(string name)
    {
        using var instance = await StartAsync(name);
        await File.WriteAllBytesAsync(Path.Combine(instance.Folder, "data", "film.mkv"), new byte[17 << 20], Token);
        var run = await BackupAsync(instance, ExitCode.Done);
        Assert.Contains("configuration-file-left-out", run.FindingCodes("warning"));
        Assert.Contains("data/film.mkv is not in the backup of the configuration: 17,825,792 bytes", run.Out);
    }

    [Theory]
    [InstanceData]
    public async Task A_damaged_snapshot_and_index_are_said_and_the_next_snapshot_is_whole(string name)
    {
        using var instance = await StartAsync(name);
        await BackupAsync(instance, ExitCode.Done);
        foreach (var pattern in new[] { "snapshot.json", "*.tsv.zst" })
        {
            var path = Directory.EnumerateFiles(instance.RepositoryFolder, pattern, SearchOption.AllDirectories).First();
            var bytes = await File.ReadAllBytesAsync(path, Token);
            bytes[bytes.Length / 2] ^= 1;
            await File.WriteAllBytesAsync(path, bytes, Token);
        }

        var run = await BackupAsync(instance, ExitCode.Done);
        Assert.Equal([
            "index-damaged", "previous-snapshot-damaged"
        ], run.FindingCodes("warning").Where(code => code.EndsWith("-damaged", StringComparison.Ordinal)).Order(StringComparer.Ordinal));
        Assert.Equal(instance.Moment.Objects.Count, run.Summary.GetProperty("newObjects").GetInt64());
    }

    [Theory]
    [InstanceData(Only = KnownInstances.Sample)]
    public async Task A_signing_key_that_others_may_read_is_named_with_what_to_do(string name)
    {
        using var instance = await StartAsync(name);
        foreach (var (mode, command) in new[] { ("640", "doctor"), ("606", "backup"), ("600", "doctor") })
        {
            await ExternalProgram.RunAsync("chmod", [mode, instance["signing.key"]], Token);
            var run = await Cli.RunAsync(Token, command, "--json", "--config", instance.ConfigurationPath);
            Assert.Equal(mode != "600", run.FindingCodes("warning").Contains("signing-key-open"));
            Assert.Equal(mode != "600", run.Out.Contains($"chmod 600 {instance["signing.key"]}", StringComparison.Ordinal));
        }
    }

    [Theory]
    [InstanceData(Only = KnownInstances.Sample)]
    public async Task The_newest_snapshot_that_is_taken_away_is_missed_by_the_machine_that_made_it(string name)
    {
        using var instance = await StartAsync(name);
        await BackupAsync(instance, ExitCode.Done);
        await BackupAsync(instance, ExitCode.Done);
        Directory.Delete(Directory.GetDirectories(Path.Combine(instance.RepositoryFolder, "snapshots")).Max()!, recursive: true);
        Assert.Contains("rolled-back", (await BackupAsync(instance, ExitCode.Done)).FindingCodes("warning"));
        var check = await Cli.ExpectAsync(ExitCode.Damaged, Token, "check", "--config", instance.ConfigurationPath);
        Assert.Contains("was here when this machine last looked and is gone", check.Out);
    }

    [Theory]
    [InstanceData]
    public async Task A_recipient_that_somebody_added_to_the_repository_is_refused(string name)
    {
        using var instance = await StartAsync(name);
        var text = await File.ReadAllTextAsync(instance.ConfigurationPath, Token);
        await File.WriteAllTextAsync(
            instance.ConfigurationPath,
            text.Replace("recipients: [", "recipients: [age1qyqszqgpqyqszqgpqyqszqgpqyqszqgpqyqszqgpqyqszqgpqyqs3290gq, "), Token);
        var run = await Cli.ExpectAsync(ExitCode.Damaged, Token, "backup", "--config", instance.ConfigurationPath);
        Assert.Contains("age1qyqszqgp", run.Error);
        Assert.Contains("somebody else has written to the repository", run.Error);
    }

    [Theory]
    [InstanceData]
    public async Task A_busy_instance_gives_consistent_snapshots_and_no_false_loss(string name)
    {
        using var instance = await StartAsync(name);
        await using var load = MuseumLoad.Start(instance);
        for (var run = 0; run < 4; run++)
        {
            // Two at a time, so that the copying takes long enough for the load to get in between.
            var backup =
                await Cli.ExpectAsync(ExitCode.Done, Token, "backup", "--json", "--parallel", "2", "--config", instance.ConfigurationPath);
            Assert.Equal(0, backup.Summary.GetProperty("missing").GetInt64());
            Assert.Equal(0, backup.Summary.GetProperty("missingDerived").GetInt64());
        }

        Assert.True(
            load is { Uploads: > 10, Rewrites: > 10, Removals: > 5 },
            $"{load.Uploads} uploads, {load.Rewrites} rewrites, {load.Removals} removals are no load");
    }

    private Task<RunningInstance> StartAsync(string name) => instances.StartAsync(name, "t1", servers, Token);

    private static Task<Cli> BackupAsync(RunningInstance instance, ExitCode expected) =>
        Cli.ExpectAsync(expected, Token, "backup", "--json", "--config", instance.ConfigurationPath);

    private static async Task<Manifest> LatestAsync(RunningInstance instance)
    {
        await using var store = new LocalStore(instance.RepositoryFolder);
        return await (await Repository.OpenAsync(store, Token)).ReadManifestAsync("latest", RunEvents.Nowhere(), Token);
    }

    /// <summary>The newest snapshot holds exactly the instance's objects, byte for byte.</summary>
    private static async Task AssertObjectsAsync(RunningInstance instance)
    {
        await using var store = new LocalStore(instance.RepositoryFolder);
        var repository = await Repository.OpenAsync(store, Token);
        var stored = new Dictionary<string, ObjectHash>();
        var manifest = await repository.ReadManifestAsync("latest", RunEvents.Nowhere(), Token);
        await foreach (var row in repository.ReadLiveRowsAsync(manifest, Token))
        {
            await using var content = await repository.OpenObjectAsync(row, Token);
            await content.CopyToAsync(Stream.Null, Token);
            stored.Add(row.Key, row.Hash);
        }

        Assert.Equal(instance.Moment.Objects.ToDictionary(item => item.Key, item => item.Hash), stored);
    }

    private static Dictionary<string, long> Sizes(RunningInstance instance) =>
        new DirectoryInfo(instance.RepositoryFolder).EnumerateFiles("*", SearchOption.AllDirectories)
            .ToDictionary(file => file.FullName, file => file.Length);
}

using Nestegg.Audit;
using Nestegg.Instance;
using Nestegg.Settings;
using Nestegg.TestKit;
using Nestegg.TestKit.Instances;

namespace Nestegg.IntegrationTests.Audit;

public sealed class AuditTests(SharedServers servers, KnownInstances instances)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InstanceData("t1")]
    [InstanceData("t2")]
    [InstanceData("older", Only = KnownInstances.Sample)]
    public async Task A_healthy_instance_is_in_order_live_and_as_a_snapshot(string name, string moment)
    {
        using var audited = await StartAsync(name, moment);
        foreach (var run in new[] { await audited.LiveAsync(ExitCode.Done, Token), await audited.SnapshotAsync(ExitCode.Done, Token) })
        {
            Assert.Empty(AuditedInstance.Findings(run));
            Assert.Equal((0, 0), (run.Summary.GetProperty("errors").GetInt64(), run.Summary.GetProperty("warnings").GetInt64()));
            var kept = run.Summary.GetProperty("deletedKept").GetInt64();
            Assert.Equal(audited.Moment.Objects.Count, run.Summary.GetProperty("objects").GetInt64() + kept);
            Assert.Equal(audited.Moment.Users, run.Summary.GetProperty("users").GetInt64());
        }
    }

    [Theory]
    [InstanceData]
    public async Task What_each_person_has_is_counted(string name)
    {
        using var audited = await StartAsync(name, "t2");
        var live = (await audited.LiveAsync(ExitCode.Done, Token)).Events().Where(line => line.GetProperty("event").GetString() == "user")
            .Select(line => line.GetRawText()).ToArray();
        var snapshot = (await audited.SnapshotAsync(ExitCode.Done, Token)).Events()
            .Where(line => line.GetProperty("event").GetString() == "user").Select(line => line.GetRawText()).ToArray();
        Assert.Equal(live, snapshot);
        var owner = audited.Moment[Role.Owner];
        var counted = System.Text.Json.JsonDocument.Parse(Assert.Single(live, line => line.Contains($"{owner.UserId}"))).RootElement;
        Assert.Equal(audited.Moment.OwnAlbums(Role.Owner).Count, counted.GetProperty("albums").GetInt32());
        Assert.Equal(audited.Moment.ShareCount(Role.Owner), counted.GetProperty("shared").GetInt32());
        Assert.Equal(owner.Counts.Trash, counted.GetProperty("inTrash").GetInt32());
    }

    [Theory]
    [InstanceData]
    public async Task Objects_that_are_gone_or_cut_are_named(string name)
    {
        using var audited = await StartAsync(name, "t1");
        var (lost, cut) = (audited.Moment.Originals()[0].Key, audited.Moment.Originals()[1].Key);
        var derived = audited.Moment.MlData()[0].Key;
        await audited.Instance.DeleteObjectAsync(lost, Token);
        await audited.Instance.DeleteObjectAsync(derived, Token);
        await audited.Instance.ReplaceObjectAsync(cut, "cut short", Token);

        string[] expected = [$"derived-object-missing {derived}", $"object-missing {lost}", $"object-size-wrong {cut}"];
        Assert.Equal(expected.Order(StringComparer.Ordinal), await audited.FindingsAsync(ExitCode.Incomplete, Token));
    }

    [Theory]
    [InstanceData]
    public async Task Derived_data_alone_is_a_warning_and_no_failure(string name)
    {
        using var audited = await StartAsync(name, "t1");
        var derived = audited.Moment.FileData();
        foreach (var key in derived)
        {
            await audited.Instance.DeleteObjectAsync(key, Token);
        }

        Assert.Equal(derived.Select(key => $"derived-object-missing {key}")
            .Order(StringComparer.Ordinal), await audited.FindingsAsync(ExitCode.Done, Token));
    }

    [Theory]
    [InstanceData]
    public async Task Deleted_objects_may_be_there_or_not(string name)
    {
        using var audited = await StartAsync(name, "t2");
        var keys = await audited.Instance.AskAsync("SELECT object_key FROM object_keys WHERE is_deleted", Token);
        Assert.True(keys.Count >= 2);
        foreach (var key in keys)
        {
            await audited.Instance.DeleteObjectAsync(key, Token);
        }

        Assert.Empty(await audited.FindingsAsync(ExitCode.Done, Token));
        Assert.Equal(keys.Count, (await audited.LiveAsync(ExitCode.Done, Token)).Summary.GetProperty("deletedGone").GetInt64());
    }

    [Theory]
    [InstanceData]
    public async Task A_length_that_nothing_encrypted_has_is_named(string name)
    {
        using var audited = await StartAsync(name, "t1");
        var cut = audited.Moment.Originals()[0].Key;
        await audited.Instance.ReplaceObjectAsync(cut, "cut short", Token);
        await audited.Instance.ExecuteAsync($"UPDATE object_keys SET size = 9 WHERE object_key = '{cut}'", Token);
        Assert.Equal([$"size-impossible {cut}"], await audited.FindingsAsync(ExitCode.Incomplete, Token));
    }

    [Theory]
    [InstanceData]
    public async Task An_object_that_is_only_in_another_slot_is_where_museum_will_not_look(string name)
    {
        using var audited = await StartAsync(name, "t1");
        var (moved, spare) = (audited.Moment.Originals()[0].Key, audited.Instance.SpareSlot);
        await MoveAsync(audited, moved);
        await audited.Instance.ExecuteAsync($"UPDATE object_keys SET datacenters = '{{{spare}}}' WHERE object_key = '{moved}'", Token);

        var run = await audited.LiveAsync(ExitCode.Incomplete, Token);
        Assert.Equal([$"object-in-wrong-slot {moved}"], AuditedInstance.Findings(run));
        Assert.Contains($"it is in {spare}, where museum will not look; museum looks in b2-eu-cen", run.Out);

        // The backup found it, so the snapshot has it.
        Assert.Empty(AuditedInstance.Findings(await audited.SnapshotAsync(ExitCode.Done, Token)));
    }

    [Theory]
    [InstanceData]
    public async Task Hot_storage_that_was_switched_without_copying_is_said_of_every_original_and_thumbnail(string name)
    {
        using var audited = await StartAsync(name, "t1");
        var settings = $"  s3.hot_storage.primary: {audited.Instance.SpareSlot}\n  s3.hot_storage.secondary: b2-eu-cen\n";
        await File.AppendAllTextAsync(audited.Instance.ConfigurationPath, settings, Token);
        var run = await audited.LiveAsync(ExitCode.Incomplete, Token);
        var findings = AuditedInstance.Findings(run);
        Assert.All(findings, finding => Assert.StartsWith("object-in-wrong-slot ", finding));
        Assert.Equal(audited.Moment.Originals().Count, findings.Count + run.Summary.GetProperty("deletedKept").GetInt64());
    }

    [Theory]
    [InstanceData]
    public async Task Orphans_are_told_from_those_that_are_to_be_expected(string name)
    {
        using var audited = await StartAsync(name, "t1");
        var owner = audited.Moment[Role.Owner].UserId;
        string[] keys =
        [
            $"{owner}/orphan", $"{owner}/upload", $"{owner}/waiting", $"{owner}/outdated",
            $"{owner}/file-data/10000016/vid_preview/pv_older", $"{owner}/file-data/7/mldata", $"photos/{owner}/orphan",
        ];
        foreach (var key in keys)
        {
            await audited.Instance.Objects.PutObjectAsync(
                new() { BucketName = audited.Instance.Bucket, Key = key, ContentBody = "bytes" }, Token);
        }

        await audited.Instance.ExecuteAsync($"""
            INSERT INTO temp_objects (object_key, expiration_time) VALUES ('{owner}/upload', 1);
            INSERT INTO queue (queue_name, item) VALUES ('deleteObject', '{owner}/waiting'), ('deleteOutdatedObject', '{owner}/outdated');
            """, Token);

        // Stored just now, it may belong to an upload that is not in the database yet.
        var now = await AuditAsync(audited, TimeSpan.Zero);
        Assert.Equal((1L, 1L), (now.Result.Counts.Orphans, now.Result.Counts.Young));
        Assert.Equal($"photos/{owner}/orphan", Assert.Single(now.Findings).Subject);

        var later = await AuditAsync(audited, TimeSpan.FromDays(2));
        Assert.Equal([$"{owner}/orphan", $"photos/{owner}/orphan"], later.Findings.Select(finding => finding.Subject));
        Assert.Equal(("object-orphan", Severity.Warning), (later.Findings[0].Code, later.Findings[0].Severity));
        var counts = later.Result.Counts;
        Assert.Equal(
            (1L, 2L, 2L, 0L, 10L), (counts.Uploads, counts.WaitingForDeletion, counts.StaleDerived, counts.Young, counts.OrphanBytes));
        Assert.True(later.Result.IsComplete);
    }

    [Theory]
    [InstanceData]
    public async Task What_is_deleted_while_the_audit_runs_is_no_loss(string name)
    {
        using var audited = await StartAsync(name, "t1");
        var derived = audited.Moment.MlData()[0].Key;
        await using var instance = EnteInstance.Open(
            NesteggConfiguration.Load(audited.Instance.ConfigurationPath, new Dictionary<string, string>()));
        var findings = new List<Finding>();
        var result = await new AuditRun(new RunLog(new RunEvents(Take)), TimeProvider.System).OfInstanceAsync(instance, Token);
        Assert.Empty(findings);
        Assert.Equal(1, result.Counts.ChangedSince);

        void Take(RunEvent value)
        {
            if (value is FindingEvent found)
            {
                findings.Add(found.Finding);
            }

            // The database has been read, and the bucket is about to be.
            if (value is StepEvent { Step: "list" } step && step.Text.Contains(audited.Instance.Bucket, StringComparison.Ordinal))
            {
                audited.Instance.ExecuteAsync(
                    $"UPDATE file_data SET is_deleted = true, pending_sync = false WHERE file_id = {derived.Split('/')[2]}", Token)
                    .GetAwaiter()
                    .GetResult();
                audited.Instance.DeleteObjectAsync(derived, Token).GetAwaiter().GetResult();
            }
        }
    }

    [Theory]
    [InstanceData]
    public async Task Nothing_is_called_lost_while_people_upload_rewrite_and_delete(string name)
    {
        using var audited = await StartAsync(name, "t1");
        await using var load = MuseumLoad.Start(audited.Instance);
        for (var run = 0; run < 4; run++)
        {
            // This load deletes objects without putting their file into the trash first, which the rows then say.
            Assert.DoesNotContain(AuditedInstance.Findings(
                await audited.LiveAnyAsync(Token)), finding => !finding.StartsWith("file-without-object ", StringComparison.Ordinal));
            Assert.DoesNotContain(AuditedInstance.Findings(
                await audited.SnapshotAnyAsync(Token)), finding => !finding.StartsWith("file-without-object ", StringComparison.Ordinal));
        }

        Assert.True(
            load is { Uploads: > 10, Rewrites: > 10, Removals: > 5 },
            $"{load.Uploads} uploads, {load.Rewrites} rewrites, {load.Removals} removals are no load");
    }

    [Theory]
    [InstanceData]
    public async Task A_bucket_that_does_not_answer_is_said_and_the_rest_is_audited(string name)
    {
        using var audited = await StartAsync(name, "t1");
        await audited.Instance.Objects.DeleteBucketAsync(audited.Instance.SpareBucket, Token);
        var run = await audited.LiveAsync(ExitCode.Done, Token);
        Assert.Equal([$"bucket-unreachable {audited.Instance.SpareSlot}"], AuditedInstance.Findings(run));
        Assert.Contains($"there is no bucket '{audited.Instance.SpareBucket}'", run.Out);
    }

    private Task<AuditedInstance> StartAsync(string name, string moment) =>
        AuditedInstance.StartAsync(instances, name, moment, servers, Token);

    private static async Task<(AuditResult Result, List<Finding> Findings)> AuditAsync(AuditedInstance audited, TimeSpan later)
    {
        await using var instance = EnteInstance.Open(
            NesteggConfiguration.Load(audited.Instance.ConfigurationPath, new Dictionary<string, string>()));
        var log = new RunLog(new RunEvents());
        var result = await new AuditRun(log, StillTime.Off(later)).OfInstanceAsync(instance, Token);
        return (result, [.. log.Findings]);
    }

    private static async Task MoveAsync(AuditedInstance audited, string key)
    {
        await audited.Instance.Objects.CopyObjectAsync(audited.Instance.Bucket, key, audited.Instance.SpareBucket, key, Token);
        await audited.Instance.DeleteObjectAsync(key, Token);
    }
}

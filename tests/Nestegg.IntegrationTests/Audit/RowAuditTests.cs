using Nestegg.TestKit.Instances;
using Nestegg.TestKit.Sample;

namespace Nestegg.IntegrationTests.Audit;

/// <summary>What is wrong in the rows is found in PostgreSQL and in the archive alike.</summary>
public sealed class RowAuditTests(SharedServers servers, KnownInstances instances)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InstanceData]
    public async Task Keys_nonces_and_headers_that_cannot_be_are_named(string name)
    {
        using var audited = await StartAsync(name, "t2");
        var (owner, sharee, shared, lone) = Rows(audited.Moment);
        await audited.Instance.ExecuteAsync($"""
            UPDATE key_attributes SET key_decryption_nonce = '' WHERE user_id = {sharee};
            UPDATE key_attributes SET recovery_key_encrypted_with_master_key = NULL, recovery_key_decryption_nonce = NULL
                WHERE user_id = {owner};
            UPDATE collections SET encrypted_key = 'no base64' WHERE collection_id = {shared[1]};
            UPDATE collection_shares SET encrypted_key = 'AAAA' WHERE collection_id = {shared[0]} AND to_user_id = {sharee};
            UPDATE authenticator_key SET header = '-' WHERE user_id = {owner};
            UPDATE entity_key SET header = 'AAAA' WHERE user_id = {owner} AND type = 'cgroup';
            UPDATE files SET file_decryption_header = 'AAAA' WHERE file_id = {lone[0].File.Id};
            UPDATE files SET metadata_decryption_header = '' WHERE file_id = {lone[1].File.Id};
            UPDATE files SET thumbnail_decryption_header = '-' WHERE file_id = {lone[2].File.Id};
            UPDATE collection_files SET key_decryption_nonce = 'AAAA' WHERE file_id = {lone[3].File.Id};
            INSERT INTO legacy_kit (id, user_id, variant, notice_period_in_hrs, encrypted_recovery_blob, auth_public_key, encrypted_owner_blob)
                VALUES ('6b1f3c52-7d1e-4b8f-9a56-0e5d2f4c8a11', {owner}, 1, 24, 'AAAA', '', 'AAAA');
            INSERT INTO public_file_tokens (id, file_id, owner_id, app, access_token, encrypted_share_key) VALUES
                ('link_old', {lone[0].File.Id}, {owner}, 'photos', 'A', NULL), ('link_cut', {lone[1].File.Id}, {owner}, 'photos', 'B', 'AAAA');
            """, Token);

        string[] expected =
        [
            $"row-undecryptable authenticator_key (user_id {owner})",
            $"row-undecryptable collection_files (collection_id {lone[3].Album.Id}, file_id {lone[3].File.Id})",
            $"row-undecryptable collection_shares (collection_id {shared[0]}, to_user_id {sharee})",
            $"row-undecryptable collections (collection_id {shared[1]})",
            $"row-undecryptable entity_key (user_id {owner}, type cgroup)",
            .. lone.Take(3).Select(pair => $"row-undecryptable file {pair.File.Id}"),
            $"row-undecryptable key_attributes (user_id {sharee})",
            "row-undecryptable legacy_kit (id 6b1f3c52-7d1e-4b8f-9a56-0e5d2f4c8a11)",
            "row-undecryptable public_file_tokens (id link_cut)",
        ];
        Assert.Equal(expected.Order(StringComparer.Ordinal), (await audited.FindingsAsync(ExitCode.Incomplete, Token)).Distinct());
    }

    [Theory]
    [InstanceData]
    public async Task Rows_that_do_not_fit_together_are_named(string name)
    {
        using var audited = await StartAsync(name, "t2");
        var (_, sharee, _, lone) = Rows(audited.Moment);
        var seen = audited.Moment[Role.Sharee].Albums.Where(album => album.OwnerId != sharee);
        await audited.Instance.ExecuteAsync($"""
            SET session_replication_role = replica;
            UPDATE collection_files SET is_deleted = true WHERE file_id = {lone[0].File.Id};
            DELETE FROM object_keys WHERE file_id = {lone[1].File.Id} AND o_type = 'thumbnail';
            DELETE FROM files WHERE file_id = {lone[2].File.Id};
            UPDATE files SET encrypted_metadata = '-', file_decryption_header = '-', thumbnail_decryption_header = '-',
                metadata_decryption_header = '-' WHERE file_id = {lone[3].File.Id};
            DELETE FROM key_attributes WHERE user_id = {sharee};
            UPDATE schema_migrations SET dirty = true;
            """, Token);

        string[] expected =
        [
            $"file-in-no-album file {lone[0].File.Id}", $"file-without-object file {lone[1].File.Id}",
            $"membership-without-file file {lone[2].File.Id}", $"membership-without-file file {lone[3].File.Id}",
            $"owner-without-keys user {sharee}", "schema-dirty schema_migrations",
            .. seen.Select(album => $"share-without-keys album {album.Id}").Order(StringComparer.Ordinal),
        ];
        var live = AuditedInstance.Findings(await audited.LiveAsync(ExitCode.Incomplete, Token, "--csv", audited.Instance["findings.csv"]));
        Assert.Equal(expected, live.Distinct());
        Assert.Equal(live, AuditedInstance.Findings(await audited.SnapshotAsync(ExitCode.Incomplete, Token)));
        var csv = await File.ReadAllLinesAsync(audited.Instance["findings.csv"], Token);
        Assert.Equal("severity,code,subject,message,hint", csv[0]);
        Assert.Equal(live.Count, csv.Length - 1);
        var row = $"\"warning\",\"file-in-no-album\",\"file {lone[0].File.Id}\",";
        Assert.Contains(csv, line => line.StartsWith(row, StringComparison.Ordinal));
    }

    [Theory]
    [InstanceData]
    public async Task Files_that_were_deleted_for_good_and_items_without_a_file_are_in_order(string name)
    {
        using var audited = await StartAsync(name, "t2");
        await audited.Instance.ExecuteAsync("""
            DELETE FROM object_keys WHERE file_id IN (SELECT file_id FROM trash WHERE is_deleted);
            UPDATE files SET encrypted_metadata = '-', file_decryption_header = '-', thumbnail_decryption_header = '-',
                metadata_decryption_header = '-', info = NULL WHERE file_id IN (SELECT file_id FROM trash WHERE is_deleted);
            """, Token);
        Assert.Empty(AuditedInstance.Findings(await audited.SnapshotAsync(ExitCode.Done, Token)));
        Assert.Empty(AuditedInstance.Findings(await audited.LiveAsync(ExitCode.Done, Token)));
    }

    [Theory]
    [InstanceData]
    public async Task An_instance_of_schema_80_is_audited_by_what_it_has(string name)
    {
        using var audited = await StartAsync(name, "t2");
        await audited.Instance.ExecuteAsync(OlderSchema.Statements, Token);
        var live = await audited.LiveAsync(ExitCode.Done, Token);
        Assert.Empty(AuditedInstance.Findings(live));
        Assert.Equal(audited.Moment.FileData().Count, live.Summary.GetProperty("staleDerived").GetInt64());
        Assert.Empty(AuditedInstance.Findings(await audited.SnapshotAsync(ExitCode.Done, Token)));
    }

    [Theory]
    [InstanceData]
    public async Task People_read_a_table_with_the_first_of_each_kind_and_how_many_more(string name)
    {
        using var audited = await StartAsync(name, "t1");
        await audited.Instance.ExecuteAsync("UPDATE files SET metadata_decryption_header = 'AAAA'", Token);
        var run = await Cli.ExpectAsync(ExitCode.Incomplete, Token, "audit", "--config", audited.Instance.ConfigurationPath);
        Assert.Contains("column metadata_decryption_header holds 3 bytes where 24 are needed, so the file cannot be opened.", run.Out);
        var files = audited.Moment.FileCount();
        Assert.Contains($"error: row-undecryptable, {files} found\n", run.Out);
        Assert.Contains($"  and {files - 50} more; --csv FILE and --json have all\n", run.Out);
        Assert.Equal(50, run.Out.Split("column metadata_decryption_header").Length - 1);
        var (owner, shares) = (audited.Moment[Role.Owner].UserId, audited.Moment.ShareCount(Role.Owner));
        Assert.Matches($@"\n  {owner} +[0-9]+ +[0-9.]+ MiB +[0-9]+ +{shares} +", run.Out);
        Assert.DoesNotContain("Nestegg.", run.Out + run.Error);
        Assert.DoesNotContain("   at ", run.Out + run.Error);

        var quiet = await Cli.ExpectAsync(ExitCode.Incomplete, Token, "audit", "--quiet", "--config", audited.Instance.ConfigurationPath);
        Assert.Equal(50, quiet.Out.Split("error    file ").Length - 1);
        Assert.DoesNotContain("objects named", quiet.Out);
    }

    /// <summary>Ids for a test to harm: people, albums that the owner shares with the sharee, files that are in one album.</summary>
    private static (long Owner, long Sharee, long[] Shared, IReadOnlyList<(KnownFile File, KnownAlbum Album)> Lone) Rows(KnownMoment moment)
    {
        var (owner, sharee) = (moment[Role.Owner].UserId, moment[Role.Sharee]);
        var shared = sharee.Albums.Where(album => album.OwnerId == owner).Select(album => album.Id).Order();
        return (owner, sharee.UserId, [.. shared], moment.LoneFiles(Role.Owner));
    }

    private Task<AuditedInstance> StartAsync(string name, string moment) =>
        AuditedInstance.StartAsync(instances, name, moment, servers, Token);
}

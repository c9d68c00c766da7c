namespace Nestegg.IntegrationTests.Audit;

/// <summary>What is wrong in the rows is found in PostgreSQL and in the archive alike.</summary>
public sealed class RowAuditTests(SharedServers servers)
{
    private const string Alice = "1580559962386438";
    private const string Bob = "1580559962386439";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Keys_nonces_and_headers_that_cannot_be_are_named()
    {
        using var audited = await AuditedInstance.StartAsync("t2", servers, Token);
        await audited.Instance.ExecuteAsync($"""
            UPDATE key_attributes SET key_decryption_nonce = '' WHERE user_id = {Bob};
            UPDATE key_attributes SET recovery_key_encrypted_with_master_key = NULL, recovery_key_decryption_nonce = NULL WHERE user_id = {Alice};
            UPDATE collections SET encrypted_key = 'no base64' WHERE collection_id = 1580559962386440;
            UPDATE collection_shares SET encrypted_key = 'AAAA' WHERE collection_id = 1580559962386438;
            UPDATE authenticator_key SET header = '-';
            UPDATE entity_key SET header = 'AAAA' WHERE type = 'cgroup';
            UPDATE files SET file_decryption_header = 'AAAA' WHERE file_id = 10000016;
            UPDATE files SET metadata_decryption_header = '' WHERE file_id = 10000017;
            UPDATE files SET thumbnail_decryption_header = '-' WHERE file_id = 10000023;
            UPDATE collection_files SET key_decryption_nonce = 'AAAA' WHERE file_id = 10000034;
            INSERT INTO legacy_kit (id, user_id, variant, notice_period_in_hrs, encrypted_recovery_blob, auth_public_key, encrypted_owner_blob)
                VALUES ('6b1f3c52-7d1e-4b8f-9a56-0e5d2f4c8a11', {Alice}, 1, 24, 'AAAA', '', 'AAAA');
            INSERT INTO public_file_tokens (id, file_id, owner_id, app, access_token, encrypted_share_key) VALUES ('link_old', 10000016, {Alice}, 'photos', 'A', NULL), ('link_cut', 10000017, {Alice}, 'photos', 'B', 'AAAA');
            """, Token);

        string[] expected =
        [
            $"row-undecryptable authenticator_key (user_id {Alice})",
            $"row-undecryptable collection_files (collection_id 1580559962386439, file_id 10000034)",
            "row-undecryptable collection_shares (collection_id 1580559962386438, to_user_id 1580559962386439)",
            "row-undecryptable collections (collection_id 1580559962386440)",
            $"row-undecryptable entity_key (user_id {Alice}, type cgroup)",
            "row-undecryptable file 10000016", "row-undecryptable file 10000017", "row-undecryptable file 10000023",
            $"row-undecryptable key_attributes (user_id {Bob})",
            "row-undecryptable legacy_kit (id 6b1f3c52-7d1e-4b8f-9a56-0e5d2f4c8a11)",
            "row-undecryptable public_file_tokens (id link_cut)",
        ];
        Assert.Equal(expected.Order(StringComparer.Ordinal), (await audited.FindingsAsync(ExitCode.Incomplete, Token)).Distinct());
    }

    [Fact]
    public async Task Rows_that_do_not_fit_together_are_named()
    {
        using var audited = await AuditedInstance.StartAsync("t2", servers, Token);
        await audited.Instance.ExecuteAsync($"""
            SET session_replication_role = replica;
            UPDATE collection_files SET is_deleted = true WHERE file_id = 10000016;
            DELETE FROM object_keys WHERE file_id = 10000017 AND o_type = 'thumbnail';
            DELETE FROM files WHERE file_id = 10000018;
            UPDATE files SET encrypted_metadata = '-', file_decryption_header = '-', thumbnail_decryption_header = '-', metadata_decryption_header = '-' WHERE file_id = 10000019;
            DELETE FROM key_attributes WHERE user_id = {Bob};
            UPDATE schema_migrations SET dirty = true;
            """, Token);

        string[] expected =
        [
            "file-in-no-album file 10000016", "file-without-object file 10000017", "membership-without-file file 10000018", "membership-without-file file 10000019",
            $"owner-without-keys user {Bob}", "schema-dirty schema_migrations",
            "share-without-keys album 1580559962386438", "share-without-keys album 1580559962386440",
        ];
        var live = AuditedInstance.Findings(await audited.LiveAsync(ExitCode.Incomplete, Token, "--csv", audited.Instance["findings.csv"]));
        Assert.Equal(expected, live.Distinct());
        Assert.Equal(live, AuditedInstance.Findings(await audited.SnapshotAsync(ExitCode.Incomplete, Token)));
        var csv = await File.ReadAllLinesAsync(audited.Instance["findings.csv"], Token);
        Assert.Equal("severity,code,subject,message,hint", csv[0]);
        Assert.Equal(live.Count, csv.Length - 1);
        Assert.Contains(csv, line => line.StartsWith("\"warning\",\"file-in-no-album\",\"file 10000016\",", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Files_that_were_deleted_for_good_and_items_without_a_file_are_in_order()
    {
        using var audited = await AuditedInstance.StartAsync("t2", servers, Token);
        await audited.Instance.ExecuteAsync("""
            DELETE FROM object_keys WHERE file_id = 10000011;
            UPDATE files SET encrypted_metadata = '-', file_decryption_header = '-', thumbnail_decryption_header = '-', metadata_decryption_header = '-', info = NULL WHERE file_id = 10000011;
            """, Token);
        Assert.Empty(AuditedInstance.Findings(await audited.SnapshotAsync(ExitCode.Done, Token)));
        Assert.Empty(AuditedInstance.Findings(await audited.LiveAsync(ExitCode.Done, Token)));
    }

    [Fact]
    public async Task An_instance_of_schema_80_is_audited_by_what_it_has()
    {
        using var audited = await AuditedInstance.StartAsync("t2", servers, Token);
        await audited.Instance.ExecuteAsync("""
            DROP TABLE events, legacy_kit_challenge, legacy_kit_recovery_session_token, legacy_kit_recovery_session, legacy_kit, contact_entity, user_attachments,
                memory_share_files, memory_shares, public_paste_tokens, reactions, comments, anon_users, collection_actions, public_file_tokens_access_history,
                public_file_tokens, emergency_recovery, emergency_contact, file_data CASCADE;
            ALTER TABLE collection_files DROP COLUMN action, DROP COLUMN action_user;
            ALTER TABLE temp_objects DROP COLUMN bucket_id;
            UPDATE schema_migrations SET version = 80;
            """, Token);
        var live = await audited.LiveAsync(ExitCode.Done, Token);
        Assert.Empty(AuditedInstance.Findings(live));
        Assert.Equal(8, live.Summary.GetProperty("staleDerived").GetInt64());
        Assert.Empty(AuditedInstance.Findings(await audited.SnapshotAsync(ExitCode.Done, Token)));
    }

    [Fact]
    public async Task People_read_a_table_with_the_first_of_each_kind_and_how_many_more()
    {
        using var audited = await AuditedInstance.StartAsync("t1", servers, Token);
        await audited.Instance.ExecuteAsync("UPDATE files SET metadata_decryption_header = 'AAAA'", Token);
        var run = await Cli.ExpectAsync(ExitCode.Incomplete, Token, "audit", "--config", audited.Instance.ConfigurationPath);
        Assert.Contains("column metadata_decryption_header holds 3 bytes where 24 are needed, so the file cannot be opened.", run.Out);
        Assert.Contains("error: row-undecryptable, 66 found\n", run.Out);
        Assert.Contains("  and 16 more; --csv FILE and --json have all\n", run.Out);
        Assert.Equal(50, run.Out.Split("column metadata_decryption_header").Length - 1);
        Assert.Matches(@"\n  1580559962386438 +[0-9]+ +[0-9.]+ MiB +[0-9]+ +2 +", run.Out);
        Assert.DoesNotContain("Nestegg.", run.Out + run.Error);
        Assert.DoesNotContain("   at ", run.Out + run.Error);

        var quiet = await Cli.ExpectAsync(ExitCode.Incomplete, Token, "audit", "--quiet", "--config", audited.Instance.ConfigurationPath);
        Assert.Equal(50, quiet.Out.Split("error    file ").Length - 1);
        Assert.DoesNotContain("objects named", quiet.Out);
    }
}

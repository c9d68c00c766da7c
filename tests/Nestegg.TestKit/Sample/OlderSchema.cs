using Npgsql;

namespace Nestegg.TestKit.Sample;

/// <summary>
/// Goes back from schema 124: what came with a version and the later ones is dropped, with what was in it. ente-facts, "schema history",
/// says what came when.
/// </summary>
public static class OlderSchema
{
    /// <summary>From the newest on; each leads to the schema before its version.</summary>
    public static IReadOnlyList<(int Version, string Sql)> Steps { get; } =
    [
        (124, "DROP TABLE events"),
        (122, "ALTER TABLE passkey_credentials DROP COLUMN rp_id; ALTER TABLE webauthn_sessions DROP COLUMN rp_id"),
        (121, "DROP TABLE legacy_kit_challenge, legacy_kit_recovery_session_token, legacy_kit_recovery_session, legacy_kit CASCADE"),
        (120, "DROP TABLE contact_entity, user_attachments CASCADE"),
        (119, "DROP TABLE memory_share_files, memory_shares CASCADE"),
        (118, "ALTER TABLE notification_history DROP COLUMN notification_group"),
        (116, "DROP TABLE public_paste_tokens"),
        (115, "ALTER TABLE collection_shares DROP COLUMN shared_at"),
        (114, "DROP TABLE reactions, comments, anon_users CASCADE"),
        (113, "DROP TABLE collection_actions"),
        (112, "ALTER TABLE collection_files DROP COLUMN action, DROP COLUMN action_user"),
        (110, "ALTER TABLE public_collection_tokens DROP COLUMN min_role"),
        (108, "ALTER TABLE public_file_tokens DROP COLUMN encrypted_file_key, DROP COLUMN encrypted_file_key_nonce, "
            + "DROP COLUMN kdf_nonce, DROP COLUMN kdf_mem_limit, DROP COLUMN kdf_ops_limit, DROP COLUMN encrypted_share_key"),
        (107, "ALTER TABLE srp_sessions DROP COLUMN is_fake"),
        (106, "DROP TABLE two_factor_used_codes"),
        (105, "DROP TABLE discount_coupons"),
        (103, "DROP TABLE public_file_tokens_access_history, public_file_tokens CASCADE"),
        (100, "ALTER TABLE subscriptions DROP COLUMN upgraded_at"),
        (96, "ALTER TABLE families DROP COLUMN storage_limit"),
        (95, "ALTER TABLE public_collection_tokens DROP COLUMN enable_join"),
        (94, "ALTER TABLE file_data DROP COLUMN obj_id, DROP COLUMN obj_nonce, DROP COLUMN obj_size; "
            + "DELETE FROM file_data WHERE data_type IN ('vid_preview', 'img_preview')"),
        (93, "DROP TABLE emergency_recovery, emergency_contact CASCADE"),
        (90, "ALTER TABLE entity_data ALTER COLUMN id TYPE uuid USING CAST(md5(id) AS uuid)"),
        (89, "DROP TABLE file_data; ALTER TABLE temp_objects DROP COLUMN bucket_id"),
        (87, "ALTER TABLE passkey_login_sessions DROP COLUMN token_fetch_cnt, DROP COLUMN verified_at, DROP COLUMN token_data"),
        (86, "DROP TABLE passkey_login_sessions"),
        (84, "ALTER TABLE casting DROP COLUMN ip"),
        (82, "CREATE TABLE location_tag (id uuid PRIMARY KEY, user_id bigint NOT NULL, encrypted_key text NOT NULL)"),
        (81, "ALTER TABLE embeddings DROP COLUMN size, DROP COLUMN version, DROP COLUMN datacenters"),
    ];

    /// <summary>The first schema that was published.</summary>
    public static int Oldest => Steps[^1].Version - 1;

    /// <summary>All of them at once.</summary>
    public static string Statements { get; } =
        string.Join("; ", Steps.Select(step => step.Sql).Append($"UPDATE schema_migrations SET version = {Oldest}"));

    /// <summary>Leaves the tables and columns of <see cref="Oldest"/>.</summary>
    public static async Task GoBackAsync(string connectionString, CancellationToken cancellationToken)
    {
        await using var connection = new NpgsqlConnection(connectionString);
        await connection.OpenAsync(cancellationToken);
        await using var command = new NpgsqlCommand(Statements, connection);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}

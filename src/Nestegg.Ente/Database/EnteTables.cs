namespace Nestegg.Ente.Database;

/// <summary>The tables of Ente by what they are good for.</summary>
public static class EnteTables
{
    /// <summary>museum puts this into the columns of a file that was deleted for good.</summary>
    internal const string Scrubbed = "-";

    /// <summary>Where museum makes its tables unless its settings or its role's lead elsewhere.</summary>
    internal const string UsualSchema = "public";

    /// <summary>A schema that has these is one that museum has worked in.</summary>
    internal static IReadOnlyList<string> Telling { get; } = ["users", "object_keys"];

    /// <summary>What a museum that was only started once leaves behind: the number of its schema and perhaps a lock.</summary>
    internal static IReadOnlyList<string> Bookkeeping { get; } = ["schema_migrations", "task_lock"];

    /// <summary>
    /// The tables that keys, objects and what people shared live in: all that opening a library offline needs, and none
    /// that holds session tokens, one-time codes or pending work. <c>object_copies</c> is left out because it only says
    /// which copies the replication still wants; where an object is, <c>object_keys.datacenters</c> says. <c>srp_auth</c> tells a
    /// wrong password from a damaged master key.
    /// </summary>
    public static IReadOnlyList<string> Library { get; } =
    [
        "schema_migrations", "users", "key_attributes", "srp_auth", "subscriptions",
        "collections", "collection_shares", "collection_files", "files", "trash",
        "object_keys", "file_data", "user_attachments",
        "authenticator_key", "authenticator_entity", "entity_key", "entity_data", "contact_entity",
        "emergency_contact", "legacy_kit",
        "anon_users", "comments", "reactions", "memory_shares", "memory_share_files",
        "public_collection_tokens", "public_file_tokens",
    ];
}

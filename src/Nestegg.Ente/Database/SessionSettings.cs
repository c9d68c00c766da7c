namespace Nestegg.Ente.Database;

/// <summary>
/// What a session of ours is set to, whatever its role, its database or the server would set it to: a time limit ends no dump, no other
/// schema takes a table's place, dates and bytes are printed as they are read.
/// </summary>
internal static class SessionSettings
{
    /// <summary>The search path that a session begins with; it leads nowhere until it is known where museum's tables are.</summary>
    internal const string FirstSearchPath = "pg_catalog,pg_temp";

    // Every server that is supported knows these, so they go with the first packet and hold from the first statement on.
    private static readonly (string Name, string Value)[] OfEveryServer =
    [
        ("search_path", FirstSearchPath),
        ("statement_timeout", "0"), ("lock_timeout", "0"), ("idle_in_transaction_session_timeout", "0"),
        ("default_transaction_isolation", "read committed"), ("default_transaction_read_only", "off"),
        ("default_transaction_deferrable", "off"),
        ("row_security", "off"), ("client_encoding", "UTF8"), ("datestyle", "ISO,MDY"), ("intervalstyle", "postgres"), ("timezone", "UTC"),
        ("bytea_output", "hex"), ("extra_float_digits", "3"), ("standard_conforming_strings", "on"), ("array_nulls", "on"),
        ("quote_all_identifiers", "off"), ("transform_null_equals", "off"),
    ];

    private static readonly (int Since, string Name)[] OfNewerServers = [(14, "idle_session_timeout"), (17, "transaction_timeout")];

    /// <summary>As the <c>options</c> of a connection that is to be made.</summary>
    /// <param name="majorVersion">Of the server, for what only newer ones know; 0 when it is not known yet.</param>
    internal static string Options(int majorVersion) => string.Join(
        ' ', OfEveryServer.Concat(Newer(majorVersion).Select(name => (Name: name, Value: "0")))
            .Select(setting => $"-c {setting.Name}={setting.Value.Replace(" ", "\\ ", StringComparison.Ordinal)}"));

    /// <summary>For a session that has been made without knowing the server's version.</summary>
    internal static IEnumerable<string> Statements(int majorVersion) => Newer(majorVersion).Select(name => $"SET {name} = 0");

    private static IEnumerable<string> Newer(int majorVersion) =>
        OfNewerServers.Where(setting => setting.Since <= majorVersion).Select(setting => setting.Name);
}

namespace Nestegg.Ente.Database;

/// <summary>
/// An entry of an archive has its name twice: in its own fields, which say what it is, and in its statement, which is what a restore runs.
/// </summary>
internal static class ArchiveNames
{
    /// <summary>Whether the statement of a table, of its rows or of where a sequence stands is about what its entry names.</summary>
    public static bool Agree(ArchiveEntry entry) => entry.Description switch
    {
        "TABLE" => Begins(entry.Definition, entry, name => $"CREATE TABLE {name} ")
            || Begins(entry.Definition, entry, name => $"CREATE UNLOGGED TABLE {name} "),
        "TABLE DATA" when entry.CopyStatement is { Length: > 0 } copy => Begins(copy, entry, name => $"COPY {name} "),
        "SEQUENCE SET" => Begins(entry.Definition, entry, name => $"SELECT pg_catalog.setval('{Doubled(name, '\'')}', ")
            || Begins(entry.Definition, entry, name => $"SELECT pg_catalog.setval('{Doubled(Doubled(name, '\''), '\\')}', "),
        _ => true,
    };

    private static bool Begins(string? statement, ArchiveEntry entry, Func<string, string> beginning) =>
        Qualified(entry).Any(name => statement?.StartsWith(beginning(name), StringComparison.Ordinal) == true);

    // Which words need quotes differs from version to version, so both forms are right.
    private static IEnumerable<string> Qualified(ArchiveEntry entry) =>
        from schema in Forms(entry.Schema) from name in Forms(entry.Tag) select $"{schema}.{name}";

    private static string[] Forms(string name) => [name, EnteCatalog.Quote(name)];

    // In a literal; backslashes are doubled too where the server's standard_conforming_strings was off.
    private static string Doubled(string name, char character) =>
        name.Replace($"{character}", $"{character}{character}", StringComparison.Ordinal);
}

using System.Text.RegularExpressions;

namespace Nestegg.Ente.Database;

/// <summary>What of an archive is left out when it is loaded for museum.</summary>
/// <param name="What">In a few words: <c>extension pg_stat_statements</c>, <c>large objects</c>.</param>
/// <param name="IsMuseums">Whether it is in museum's schema, so that museum may want it.</param>
/// <param name="Cause">What it needs and is left out itself; <see langword="null"/> for what museum does not need.</param>
internal sealed record ArchiveOmission(string What, bool IsMuseums, string? Cause)
{
    /// <summary>A library cannot be read without it.</summary>
    public bool IsTableOfEnte { get; init; }
}

/// <summary>What the role that loads an archive may make.</summary>
/// <param name="Extensions">Those that are there or can be made.</param>
/// <param name="IsSuperuser">It may make everything.</param>
internal sealed record LoadingRights(IReadOnlySet<string> Extensions, bool IsSuperuser);

/// <summary>
/// Chooses from an archive's table of contents what museum needs: its own schema and whatever that depends on, without rights, policies and
/// owners. A role that is no superuser can make all of it, which is not true of a whole dump: extensions, comments on them, event triggers,
/// functions in C, foreign servers. Nor is anything chosen whose making runs somebody's function, which may fail in a session that loads.
/// </summary>
internal sealed partial class ArchiveSelection
{
    // These belong to no schema and are about the session that loads.
    private static readonly HashSet<string> OfSession = ["ENCODING", "STDSTRINGS", "SEARCHPATH"];

    // Roles are another server's.
    private static readonly HashSet<string> OfRoles = ["ACL", "DEFAULT ACL", "POLICY", "ROW SECURITY", "SECURITY LABEL"];

    // Not worth a line: rights are another server's, and what only describes is missed by nobody.
    private static readonly HashSet<string> NotTold =
        ["ACL", "DEFAULT ACL", "COMMENT", "SECURITY LABEL", "DATABASE", "DATABASE PROPERTIES"];

    private readonly Dictionary<int, ArchiveEntry> entries;
    private readonly Dictionary<int, string> causes = [];
    private readonly HashSet<int> needed = [];
    private readonly string schema;

    private ArchiveSelection(IReadOnlyList<ArchiveEntry> entries, string schema)
    {
        this.entries = entries.ToDictionary(entry => entry.Id);
        this.schema = schema;
    }

    /// <summary>The numbers of the entries to load.</summary>
    public IReadOnlySet<int> Kept => needed;

    /// <summary>What is not loaded, in a few lines.</summary>
    public IReadOnlyList<ArchiveOmission> Omitted { get; private set; } = [];

    /// <param name="entries">In the order of the archive.</param>
    /// <param name="schema">museum's.</param>
    /// <param name="rights">What whoever loads may make.</param>
    public static ArchiveSelection Of(IReadOnlyList<ArchiveEntry> entries, string schema, LoadingRights rights)
    {
        var selection = new ArchiveSelection(entries, schema);
        foreach (var entry in entries.Where(selection.IsMuseums))
        {
            selection.Need(entry);
        }

        foreach (var entry in entries)
        {
            if (selection.Obstacle(entry, rights) is { } cause)
            {
                selection.causes[entry.Id] = cause;
            }
        }

        // An entry stands after those that it depends on, so one pass finds all that fall with what cannot be made.
        foreach (var entry in entries.Where(entry => !selection.causes.ContainsKey(entry.Id)))
        {
            if (entry.Dependencies.FirstOrDefault(selection.causes.ContainsKey) is > 0 and var cause)
            {
                selection.causes[entry.Id] = selection.causes[cause];
            }
        }

        // The schema itself is there before anything is loaded into it.
        selection.needed.ExceptWith(selection.causes.Keys);
        selection.needed.ExceptWith(entries.Where(entry => entry.Description == "SCHEMA" && entry.Tag == schema).Select(entry => entry.Id));
        selection.Omitted = [.. selection.Describe(entries.Where(entry => !selection.needed.Contains(entry.Id)))];
        return selection;
    }

    /// <summary>Why an entry cannot be made, for a reason of its own.</summary>
    private string? Obstacle(ArchiveEntry entry, LoadingRights rights) => entry.Description switch
    {
        "EXTENSION" when !rights.Extensions.Contains(entry.Tag) =>
            $"the extension {entry.Tag}, which the server lacks or the role may not make",
        "FUNCTION" or "PROCEDURE" when !rights.IsSuperuser && MachineCode.IsMatch(entry.Definition ?? "") =>
            $"the function {entry.Tag}, which is machine code: only a superuser makes it",
        "FOREIGN DATA WRAPPER" or "SERVER" or "USER MAPPING" when !rights.IsSuperuser =>
            $"the foreign server {entry.Tag}, which only a superuser makes",

        // The names in its text are looked up anew, and while a dump is loaded nothing is found that is not called by its full name.
        "MATERIALIZED VIEW DATA" => $"what its query calls: REFRESH MATERIALIZED VIEW {entry.Tag} fills it",
        "INDEX" when entry.Dependencies.Any(IsFunction) =>
            "a function of its own, which a server calls while it makes the index",
        _ => null,
    };

    private bool IsFunction(int id) => entries.TryGetValue(id, out var entry) && entry.Description == "FUNCTION";

    [GeneratedRegex(@"^\s*(?:RETURNS .*)?\bLANGUAGE (?:c|internal)\b", RegexOptions.Multiline | RegexOptions.CultureInvariant)]
    private static partial Regex MachineCode { get; }

    private bool IsMuseums(ArchiveEntry entry) =>
        OfSession.Contains(entry.Description) || (entry.Schema == schema && !OfRoles.Contains(entry.Description));

    private void Need(ArchiveEntry entry)
    {
        var waiting = new Stack<ArchiveEntry>([entry]);
        while (waiting.TryPop(out var next))
        {
            if (needed.Add(next.Id))
            {
                foreach (var dependency in next.Dependencies.Where(entries.ContainsKey))
                {
                    waiting.Push(entries[dependency]);
                }
            }
        }
    }

    private IEnumerable<ArchiveOmission> Describe(IEnumerable<ArchiveEntry> left)
    {
        var told = left.Where(entry => !NotTold.Contains(entry.Description)).ToList();
        foreach (var entry in told.Where(entry => entry.Schema == schema && !entry.HasData))
        {
            var what = $"{entry.Description.ToLowerInvariant()} {entry.Tag}";
            yield return new ArchiveOmission(what, true, causes.GetValueOrDefault(entry.Id))
            {
                IsTableOfEnte = entry.Description == "TABLE" && EnteTables.Library.Contains(entry.Tag),
            };
        }

        foreach (var what in told.Where(entry => entry.Schema != schema && entry.Tag != schema).Select(Kind).Distinct())
        {
            yield return new ArchiveOmission(what, false, null);
        }
    }

    private static string Kind(ArchiveEntry entry) => entry switch
    {
        { Description: "BLOB" or "BLOBS" or "BLOB METADATA" } => "large objects",
        { Schema.Length: > 0 } => $"the schema {entry.Schema}",
        { Description: "SCHEMA" } => $"the schema {entry.Tag}",
        _ => $"{entry.Description.ToLowerInvariant()} {entry.Tag}",
    };
}

using Nestegg.Repositories.Files;

namespace Nestegg.Repositories.Index;

/// <summary>An index file's name: <c>&lt;time&gt;-&lt;run&gt;-&lt;n&gt;-&lt;sha256&gt;.tsv.zst</c>.</summary>
internal static class IndexName
{
    private const string Suffix = ".tsv.zst";

    /// <param name="numbered">The run and the number of the file in it: <c>&lt;time&gt;-&lt;run&gt;-&lt;n&gt;</c>.</param>
    public static string Of(string numbered, ObjectHash hash) => $"{numbered}-{hash}{Suffix}";

    /// <summary>The run that an index file is of.</summary>
    public static SnapshotId? RunOf(string name) =>
        TryParse(name, out var numbered, out _)
        && SnapshotId.TryParse(numbered.AsSpan(0, Math.Max(0, numbered.LastIndexOf('-'))), out var run)
            ? run
            : null;

    /// <summary>Reads a name; <see langword="false"/> when it is not one that we give.</summary>
    /// <inheritdoc cref="Of" path="/param"/>
    /// <param name="hash">That of the file's bytes.</param>
    public static bool TryParse(string name, out string numbered, out ObjectHash hash)
    {
        var dash = name.LastIndexOf('-');
        (numbered, hash) = ("", default);
        if (dash < 0 || !name.EndsWith(Suffix, StringComparison.Ordinal)
            || !ObjectHash.TryParse(name.AsSpan()[(dash + 1)..^Suffix.Length], out hash))
        {
            return false;
        }

        numbered = name[..dash];
        return name == Of(numbered, hash);
    }
}

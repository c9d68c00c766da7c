using Nestegg.Repositories.Files;

namespace Nestegg.Repositories.Index;

/// <summary>An index file's name: <c>&lt;time&gt;-&lt;run&gt;-&lt;n&gt;-&lt;sha256&gt;.tsv.zst</c>.</summary>
internal static class IndexName
{
    private const string Suffix = ".tsv.zst";

    public static string Of(string run, int number, ObjectHash hash) => $"{run}-{number}-{hash}{Suffix}";

    /// <summary>The hash that the name states of the file's bytes.</summary>
    public static bool TryGetHash(string name, out ObjectHash hash)
    {
        hash = default;
        return name.EndsWith(Suffix, StringComparison.Ordinal)
            && ObjectHash.TryParse(name.AsSpan()[(name.LastIndexOf('-') + 1)..^Suffix.Length], out hash);
    }
}

namespace Nestegg.Ente.Configuration;

/// <summary>
/// A file of variables that nobody expands: <c>docker run --env-file</c>, <c>format: raw</c> of compose, systemd's
/// <c>EnvironmentFile=</c>. <c>NAME=value</c> a line; lines that begin with <c>#</c> or <c>;</c> are comments.
/// <c>$</c>, <c>#</c> and quotes within a value are part of it; quotes around all of it are not, which is systemd's rule.
/// </summary>
internal static class RawVariables
{
    /// <summary>Names and values in the order of the file; a name without <c>=</c> has no value of its own.</summary>
    public static List<(string Name, string? Value)> Read(string text) =>
    [
        .. text.ReplaceLineEndings("\n").Split('\n')
            .Select(line => line.TrimStart())
            .Where(line => line is not ([] or ['#' or ';', ..]))
            .Select(line => line.IndexOf('=') is var equals and >= 0
                ? (line[..equals].TrimEnd(), Unquoted(line[(equals + 1)..]))
                : (line.TrimEnd(), (string?)null)),
    ];

    private static string Unquoted(string value) =>
        value is [var first and ('"' or '\''), .., var last] && first == last ? value[1..^1] : value;
}

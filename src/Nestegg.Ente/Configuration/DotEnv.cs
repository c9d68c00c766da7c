namespace Nestegg.Ente.Configuration;

/// <summary>
/// A <c>.env</c> file as compose reads it: <c>NAME=value</c> a line, an optional <c>export</c>, <c>#</c> comments, single quotes verbatim,
/// double quotes with escapes, and <c>${…}</c> everywhere but in single quotes. A quoted value may go over several lines.
/// </summary>
internal static class DotEnv
{
    /// <summary>
    /// Names and values in the order of the file; a name without <c>=</c> has no value of its own (compose takes the shell's).
    /// </summary>
    public static List<(string Name, string? Value)> Read(string text, Func<string, string?> outer)
    {
        var entries = new List<(string Name, string? Value)>();
        string? Lookup(string name) => outer(name) ?? entries.LastOrDefault(entry => entry.Name == name).Value;

        var lines = new Queue<string>(text.ReplaceLineEndings("\n").Split('\n'));
        while (lines.TryDequeue(out var line))
        {
            line = line.TrimStart();
            if (line.StartsWith("export ", StringComparison.Ordinal))
            {
                line = line["export ".Length..].TrimStart();
            }

            if (line.Length == 0 || line[0] == '#')
            {
                continue;
            }

            var equals = line.IndexOf('=');
            if (equals < 0)
            {
                entries.Add((line.Trim(), null));
                continue;
            }

            entries.Add((line[..equals].Trim(), ReadValue(line[(equals + 1)..].TrimStart(), lines, Lookup)));
        }

        return entries;
    }

    /// <summary>A value as it stands after the <c>=</c>: plain where that is safe, else in single quotes, else in double quotes.</summary>
    public static string Quote(string value)
    {
        if (value.All(character => char.IsAsciiLetterOrDigit(character) || "-_./:@+=,%".Contains(character)))
        {
            return value;
        }

        return value.Contains('\'') || value.Contains('\n')
            ? "\"" + value.Replace("\\", "\\\\").Replace("\"", "\\\"").Replace("\n", "\\n").Replace("$", "\\$") + "\""
            : "'" + value + "'";
    }

    private static string ReadValue(string value, Queue<string> following, Func<string, string?> lookup)
    {
        if (value.Length == 0 || value[0] is not ('"' or '\''))
        {
            var comment = value.IndexOf(" #", StringComparison.Ordinal);
            return Interpolation.Expand((comment < 0 ? value : value[..comment]).TrimEnd(), lookup);
        }

        var quote = value[0];
        var body = value[1..];
        int end;
        while ((end = EndOfQuote(body, quote)) < 0 && following.TryDequeue(out var line))
        {
            body += "\n" + line;
        }

        body = end < 0 ? body : body[..end];
        return quote == '\'' ? body : Interpolation.Expand(Unescape(body), lookup);
    }

    private static int EndOfQuote(string body, char quote)
    {
        for (var i = 0; i < body.Length; i++)
        {
            if (body[i] == '\\' && quote == '"')
            {
                i++;
            }
            else if (body[i] == quote)
            {
                return i;
            }
        }

        return -1;
    }

    private static string Unescape(string body)
    {
        var text = new System.Text.StringBuilder(body.Length);
        for (var i = 0; i < body.Length; i++)
        {
            if (body[i] != '\\' || i + 1 == body.Length)
            {
                text.Append(body[i]);
                continue;
            }

            i++;
            text.Append(body[i] switch { 'n' => "\n", 'r' => "\r", 't' => "\t", '$' => "$$", var other => other.ToString() });
        }

        return text.ToString();
    }
}

namespace Nestegg.Restore;

/// <summary>Writes a path as a person types it into a shell.</summary>
public static class ShellWord
{
    /// <returns>The path as it is where that is one word to every shell, else in quotes.</returns>
    public static string Of(string path)
    {
        // One that begins with a dash would be an option.
        var named = path.StartsWith('-') ? $"./{path}" : path;
        return named.All(c => char.IsAsciiLetterOrDigit(c) || "/._-+:@%".Contains(c, StringComparison.Ordinal))
            ? named
            : $"'{named.Replace("'", @"'\''", StringComparison.Ordinal)}'";
    }
}

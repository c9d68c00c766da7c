namespace Nestegg.Cli.Terminal;

/// <summary>
/// Text that a terminal shows and does not obey. Names come from others too, such as those of files that somebody put into a repository.
/// </summary>
internal static class SafeText
{
    /// <summary>
    /// What moves the cursor, changes the terminal, begins a line that could look like another message, or makes what follows run from
    /// right to left becomes U+FFFD.
    /// </summary>
    public static string OnOneLine(string text) =>
        text.Any(IsObeyed) ? string.Concat(text.Select(letter => IsObeyed(letter) ? '\ufffd' : letter)) : text;

    // U+202A to U+202E and U+2066 to U+2069 turn the order of all letters after them round, in a name as outside of it.
    private static bool IsObeyed(char letter) =>
        char.IsControl(letter) || letter is '\u2028' or '\u2029' or (>= '\u202a' and <= '\u202e') or (>= '\u2066' and <= '\u2069');
}

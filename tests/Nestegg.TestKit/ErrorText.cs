using System.Text.RegularExpressions;

namespace Nestegg.TestKit;

/// <summary>Judges what a person would read when something fails.</summary>
public static partial class ErrorText
{
    /// <summary>
    /// What is wrong with the words of a failure; <see langword="null"/> when they name the thing and hold nothing for programmers.
    /// </summary>
    /// <param name="mustName">A key, path or host that the message has to name.</param>
    public static string? WhatIsWrong(NesteggException failure, string mustName)
    {
        var text = failure.Message + "\n" + failure.Hint;
        if (!failure.Message.Contains(mustName, StringComparison.Ordinal))
        {
            return $"does not name '{mustName}': {text}";
        }

        if (failure.Hint.Length == 0)
        {
            return $"has no hint: {text}";
        }

        return WhatIsWrong(text);
    }

    /// <summary>What is wrong with what a command printed; <see langword="null"/> when it holds nothing for programmers.</summary>
    public static string? WhatIsWrong(string text)
    {
        if (StackFrame().IsMatch(text))
        {
            return $"holds a stack trace: {text}";
        }

        return ClassName().Match(text) is { Success: true } name ? $"holds the class name '{name.Value}': {text}" : null;
    }

    [GeneratedRegex(@"^\s+at .+\(|\.cs:line|---> ", RegexOptions.Multiline)]
    private static partial Regex StackFrame();

    [GeneratedRegex(@"\b\w+Exception\b|\b(System|Amazon|Npgsql|Nestegg|Microsoft)\.[A-Z]\w+")]
    private static partial Regex ClassName();
}

using Nestegg.TestKit;

namespace Nestegg.IntegrationTests.Resilience;

/// <summary>Reads what a person would read when a command fails.</summary>
internal static class ErrorTexts
{
    /// <summary>
    /// Two lines, the error and what to do; the error names the thing; nothing in all that was printed is for programmers.
    /// </summary>
    /// <param name="words">What the error must hold: the name of the object, and what happened to it.</param>
    public static void AssertGood(Cli run, params IEnumerable<string> words)
    {
        var lines = run.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Null(ErrorText.WhatIsWrong(run.Out + run.Error));
        var error = Assert.Single(lines, line => line.StartsWith("error: ", StringComparison.Ordinal));
        var hint = Assert.Single(lines, line => line.StartsWith("hint: ", StringComparison.Ordinal));
        Assert.True(hint.Length > "hint: ".Length + 10, run.Error);
        Assert.Equal([error, hint], lines[^2..]);
        foreach (var word in words)
        {
            Assert.True(error.Contains(word, StringComparison.Ordinal), $"does not say '{word}': {run.Error}");
        }
    }
}

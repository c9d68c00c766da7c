using System.Collections;

namespace Nestegg.Cli.Terminal;

/// <summary>What a command sees of the process around it; a test gives its own.</summary>
internal sealed class CommandHost
{
    public required TextWriter Out { get; init; }

    public required TextWriter Error { get; init; }

    public required IReadOnlyDictionary<string, string> Environment { get; init; }

    public required string WorkingFolder { get; init; }

    /// <summary>A path as it was typed, from the working folder on.</summary>
    public string FullPath(string path) => Path.GetFullPath(path, WorkingFolder);

    /// <summary>Whether a person looks at standard error: only then there is a progress line.</summary>
    public bool IsTerminal { get; init; }

    /// <summary>Whether a person can be asked for something.</summary>
    public bool CanPrompt { get; init; }

    public TimeProvider Time { get; init; } = TimeProvider.System;

#pragma warning disable RS0030 // This is where the process's own comes in.
    public Random Random { get; init; } = Random.Shared;
#pragma warning restore RS0030

    public static CommandHost FromProcess() => new()
    {
        Out = Console.Out,
        Error = Console.Error,
        Environment = System.Environment.GetEnvironmentVariables().Cast<DictionaryEntry>()
            .ToDictionary(entry => (string)entry.Key, entry => (string?)entry.Value ?? "", StringComparer.Ordinal),
        WorkingFolder = Directory.GetCurrentDirectory(),
        IsTerminal = !Console.IsErrorRedirected,
        CanPrompt = !Console.IsInputRedirected && !Console.IsErrorRedirected,
    };
}

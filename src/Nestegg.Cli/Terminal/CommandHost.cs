using System.Collections;

namespace Nestegg.Cli.Terminal;

/// <summary>What a command sees of the process around it; a test gives its own.</summary>
internal sealed class CommandHost
{
    public required TextWriter Out { get; init => field = SteadyWriter.Around(value); }

    public required TextWriter Error { get; init => field = SteadyWriter.Around(value); }

    /// <summary>Why something of standard output was lost; <see langword="null"/> when all was written.</summary>
    public string? OutLoss => ((SteadyWriter)Out).Loss;

    public required IReadOnlyDictionary<string, string> Environment { get; init; }

    public required string WorkingFolder { get; init; }

    /// <summary>A path as it was typed, from the working folder on.</summary>
    public string FullPath(string path) => Path.GetFullPath(path, WorkingFolder);

    /// <summary>Whether a person looks at standard error: only then there is a progress line.</summary>
    public bool IsTerminal { get; init; }

    /// <summary>Whether a person looks at standard output: only then text is fitted into the window.</summary>
    public bool IsOutTerminal { get; init; }

    /// <summary>How wide the window is now; <see langword="null"/> when that is not known.</summary>
    public Func<int?> Columns { get; init; } = () => null;

    /// <summary>Whether a person can be asked for something.</summary>
    public bool CanPrompt { get; init; }

    public TimeProvider Time { get; init; } = TimeProvider.System;

#pragma warning disable RS0030 // This is where the process's own comes in.
    public Random Random { get; init; } = Random.Shared;
#pragma warning restore RS0030

    public static CommandHost FromProcess() => new()
    {
        Out = CallersDescriptor.IsOpen(1) ? Console.Out : TextWriter.Null,
        Error = CallersDescriptor.IsOpen(2) ? Console.Error : TextWriter.Null,
        Environment = System.Environment.GetEnvironmentVariables().Cast<DictionaryEntry>()
            .ToDictionary(entry => (string)entry.Key, entry => (string?)entry.Value ?? "", StringComparer.Ordinal),
        WorkingFolder = Directory.GetCurrentDirectory(),
        IsTerminal = !Console.IsErrorRedirected,
        IsOutTerminal = !Console.IsOutputRedirected,
        Columns = WindowColumns,
        CanPrompt = !Console.IsInputRedirected && !Console.IsErrorRedirected,
    };

    private static int? WindowColumns()
    {
        try
        {
            return Console.WindowWidth is > 0 and var columns ? columns : null;
        }
        catch (IOException)
        {
            // A terminal that does not say how wide it is.
            return null;
        }
    }
}

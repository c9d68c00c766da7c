using System.Collections;
using Nestegg.Ente;

namespace Nestegg.Cli.Terminal;

/// <summary>What a command sees of the process around it; a test gives its own.</summary>
internal sealed class CommandHost
{
    public required TextWriter Out { get; init => field = SteadyWriter.Around(value); }

    public required TextWriter Error { get; init => field = SteadyWriter.Around(value); }

    /// <summary>Why something of standard output was lost; <see langword="null"/> when all was written.</summary>
    public string? OutLoss => ((SteadyWriter)Out).Loss;

    public required IReadOnlyDictionary<string, string> Environment { get; init; }

    /// <summary>Where it was started; <see langword="null"/> when that folder has been removed, which full paths can do without.</summary>
    public required string? WorkingFolder { get; init; }

    /// <summary>A path as it was typed, from the working folder on.</summary>
    /// <exception cref="NesteggException">It is relative, and there is no working folder.</exception>
    public string FullPath(string path) => Path.GetFullPath(path, BaseOf(path));

    /// <summary>The folder that a path, or the address of a repository, starts from.</summary>
    /// <inheritdoc cref="FullPath" path="/exception"/>
    public string BaseOf(string path) => WorkingFolder ?? (IsFull(path) ? "/" : throw new NesteggException(
        FailureKind.BadInput, $"{path} is named from a folder that has been removed",
        "change into a folder that exists (cd), or give the full path"));

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
        WorkingFolder = CurrentFolder(),
        IsTerminal = !Console.IsErrorRedirected,
        IsOutTerminal = !Console.IsOutputRedirected,
        Columns = WindowColumns,
        CanPrompt = !Console.IsInputRedirected && !Console.IsErrorRedirected,
    };

    private static bool IsFull(string path) =>
        Path.IsPathRooted(path) || path.StartsWith('~') || path.Contains("://", StringComparison.Ordinal);

    private static string? CurrentFolder()
    {
        try
        {
            return Directory.GetCurrentDirectory();
        }
        catch (Exception failure) when (SystemWords.IsOfFiles(failure))
        {
            return null;
        }
    }

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

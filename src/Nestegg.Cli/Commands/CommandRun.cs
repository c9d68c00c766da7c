using Nestegg.Cli.Terminal;
using Nestegg.Opening;
using Nestegg.Restore;

namespace Nestegg.Cli.Commands;

/// <summary>What a command works with once its options are read: it asks one job for something and says what came of it.</summary>
/// <param name="Log">What the job says goes to <paramref name="Output"/>.</param>
/// <param name="Config">What was typed after <c>--config</c>; <see langword="null"/> without it.</param>
internal sealed record CommandRun(CommandHost Host, JobContext Context, Output Output, RunLog Log, string? Config = null)
{
    /// <summary>A further command as it is to be typed: for the configuration that this one was given.</summary>
    public string Typed(string command) => $"nestegg {command}" + (Config is null ? "" : $" --config {ShellWord.Of(Config)}");
}

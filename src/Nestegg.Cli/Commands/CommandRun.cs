using Nestegg.Cli.Terminal;
using Nestegg.Opening;

namespace Nestegg.Cli.Commands;

/// <summary>What a command works with once its options are read: it asks one job for something and says what came of it.</summary>
/// <param name="Log">What the job says goes to <paramref name="Output"/>.</param>
internal sealed record CommandRun(CommandHost Host, JobContext Context, Output Output, RunLog Log);

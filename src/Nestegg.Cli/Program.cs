using System.Runtime.InteropServices;
using Nestegg.Cli.Terminal;

namespace Nestegg.Cli;

/// <summary>Puts the program together by hand and runs the command that the arguments name.</summary>
internal static class Program
{
    // As Linux (but for MIPS) and macOS number it; .NET has no name for it.
    private const PosixSignal SigXfsz = (PosixSignal)25;

    public static async Task<int> Main(string[] args)
    {
        CallersDescriptor.FillStandardOnes();
        NativeHeap.UseOne();
        using var cancellation = new CancellationTokenSource();
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Cancel);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Cancel);
        using var hangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, Cancel);

        // A write that is too long fails, with a sentence, instead of ending the process with a repository locked.
        using var tooLong = PosixSignalRegistration.Create(SigXfsz, signal => signal.Cancel = true);
        return (int)await CommandLine.RunAsync(args, CommandHost.FromProcess(), cancellation.Token);

        // The first signal lets the command end in order; the second one ends the process where it stands.
        void Cancel(PosixSignalContext signal)
        {
            signal.Cancel = !cancellation.IsCancellationRequested;
            cancellation.Cancel();
        }
    }
}

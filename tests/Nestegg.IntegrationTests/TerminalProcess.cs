using System.Diagnostics;
using System.Text;
using Nestegg.TestKit;

namespace Nestegg.IntegrationTests;

/// <summary>A shell on a terminal of its own (util-linux's <c>script</c>), for what a person types and sees.</summary>
internal sealed class TerminalProcess : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    private readonly Process process;
    private readonly StringBuilder shown = new();
    private int seen;

    private TerminalProcess(Process process) => this.process = process;

    /// <summary>Where this machine has no such program.</summary>
    public static bool IsMissing => ExternalProgram.Find("script") is null;

    /// <summary>All that was shown until now.</summary>
    public string Shown => shown.ToString();

    /// <param name="commands">For the shell; <c>nestegg</c> is the program of these tests.</param>
    public static TerminalProcess Start(string commands)
    {
        // Under nohup the tests have been told to ignore that the terminal hangs up, and what they start would too.
        var shell = $"nestegg() {{ '{CliProcess.Program}' \"$@\"; }}; {commands}";
        var start = new ProcessStartInfo("env", ["--default-signal=HUP,INT", "script", "-qefc", shell, "/dev/null"])
        {
            RedirectStandardInput = true, RedirectStandardOutput = true, WorkingDirectory = Path.GetTempPath(),
        };
        start.Environment["NESTEGG_CONFIG"] = "";
        start.Environment["SHELL"] = "/bin/bash";
        return new TerminalProcess(Process.Start(start)!);
    }

    public async Task TypeAsync(string text, CancellationToken cancellationToken)
    {
        await process.StandardInput.WriteAsync(text.AsMemory(), cancellationToken);
        await process.StandardInput.FlushAsync(cancellationToken);
    }

    /// <summary>Reads on until a text is shown behind the one waited for before; fails with all that was shown when it is not.</summary>
    public async Task WaitForAsync(string text, CancellationToken cancellationToken)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(Patience);
        var buffer = new char[1024];
        int at;
        while ((at = Shown.IndexOf(text, seen, StringComparison.Ordinal)) < 0)
        {
            var length = 0;
            try
            {
                length = await process.StandardOutput.ReadAsync(buffer, patience.Token);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                // Told below, with what was shown.
            }

            Assert.True(length > 0, $"it did not show {text}:\n{Shown}");
            shown.Append(buffer, 0, length);
        }

        seen = at + text.Length;
    }

    /// <summary>Reads to the end.</summary>
    /// <returns>The shell's exit code.</returns>
    public async Task<int> EndAsync(CancellationToken cancellationToken)
    {
        shown.Append(await process.StandardOutput.ReadToEndAsync(cancellationToken));
        await process.WaitForExitAsync(cancellationToken);
        return process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited)
        {
            process.Kill(entireProcessTree: true);
        }

        await process.WaitForExitAsync();
        process.Dispose();
    }
}

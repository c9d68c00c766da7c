using System.Diagnostics;
using Nestegg.TestKit;

namespace Nestegg.IntegrationTests;

/// <summary>The program itself, as a process of its own that can be sent signals and measured.</summary>
internal sealed class CliProcess : IAsyncDisposable
{
    private static readonly string? Shipped = Environment.GetEnvironmentVariable("NESTEGG_TEST_EXECUTABLE");

    private readonly Process process;
    private readonly Lock gate = new();
    private readonly List<string> lines = [];
    private readonly Task output;
    private readonly Task<string> error;
    private readonly Task watching;
    private TaskCompletionSource changed = New();
    private bool isAtEnd;

    private CliProcess(Process process)
    {
        this.process = process;
        output = ReadLinesAsync();
        error = process.StandardError.ReadToEndAsync();
        watching = WatchMemoryAsync();
    }

    /// <summary>Whether <c>NESTEGG_TEST_EXECUTABLE</c> names the executable that ships.</summary>
    public static bool IsShipped => !string.IsNullOrEmpty(Shipped);

    /// <summary>That one as a full path, or the executable of this build.</summary>
    public static string Program { get; } = IsShipped
        ? RepositoryRoot.Combine(Shipped!)
        : Path.Combine(AppContext.BaseDirectory, "Nestegg.Cli");

    public int Id => process.Id;

    /// <summary>The most memory that it had at once.</summary>
    public long PeakBytes { get; private set; }

    /// <summary>Starts it in a session, and so a process group, of its own.</summary>
    /// <param name="environment">Besides this process's variables.</param>
    public static CliProcess Start(IReadOnlyDictionary<string, string> environment, params IEnumerable<string> arguments)
    {
        // Where the tests run in the background, a shell has told them to ignore the interrupt, and what they start would too.
        var start = new ProcessStartInfo("env", ["--default-signal=INT,HUP", "setsid", Program, .. arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = Path.GetTempPath(),
        };
        start.Environment["NESTEGG_CONFIG"] = "";
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        var process = Process.Start(start)!;
        process.StandardInput.Close();
        return new CliProcess(process);
    }

    /// <summary>Starts it with a folder of its own for temporary files.</summary>
    public static CliProcess StartIn(TemporaryFolder temporary, params IEnumerable<string> arguments) => Start(
        // The runtime's own socket for debuggers would stay in the folder of a process that is killed.
        new Dictionary<string, string> { ["TMPDIR"] = temporary.Path, ["DOTNET_EnableDiagnostics"] = "0" }, arguments);

    public static CliProcess Start(params IEnumerable<string> arguments) => Start(new Dictionary<string, string>(), arguments);

    /// <summary>Runs to the end; fails with all that was said when the exit code is another one.</summary>
    public static async Task<Cli> ExpectAsync(ExitCode expected, CancellationToken cancellationToken, params IEnumerable<string> arguments)
    {
        await using var run = Start(arguments);
        return await run.ExpectAsync(expected, cancellationToken);
    }

    public async Task<Cli> ExpectAsync(ExitCode expected, CancellationToken cancellationToken)
    {
        var end = await EndAsync(cancellationToken);
        Assert.True(end.ExitCode == expected, $"exit code {(int)end.ExitCode}, expected {(int)expected}\n{end.Out}{end.Error}");
        return end;
    }

    /// <summary>Waits for a line of its standard output that holds the text.</summary>
    /// <returns><see langword="false"/> when it ended without one.</returns>
    public async Task<bool> WaitForAsync(string text, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task next;
            lock (gate)
            {
                if (lines.Exists(line => line.Contains(text, StringComparison.Ordinal)))
                {
                    return true;
                }

                if (isAtEnd)
                {
                    return false;
                }

                next = changed.Task;
            }

            await next.WaitAsync(cancellationToken);
        }
    }

    /// <param name="signal">Such as INT, TERM or KILL.</param>
    /// <param name="toGroup">Also to the programs that it started, as a terminal does.</param>
    public Task SignalAsync(string signal, CancellationToken cancellationToken, bool toGroup = false) =>
        ExternalProgram.TryRunAsync("kill", ["-" + signal, "--", (toGroup ? "-" : "") + Id], cancellationToken);

    public async Task<Cli> EndAsync(CancellationToken cancellationToken)
    {
        await process.WaitForExitAsync(cancellationToken);
        await output.WaitAsync(cancellationToken);
        await watching;
        return new Cli((ExitCode)process.ExitCode, string.Join('\n', lines), await error.WaitAsync(cancellationToken));
    }

    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited)
        {
            process.Kill(entireProcessTree: true);
        }

        await process.WaitForExitAsync();
        await watching;
        process.Dispose();
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private async Task ReadLinesAsync()
    {
        while (true)
        {
            var line = await process.StandardOutput.ReadLineAsync();
            TaskCompletionSource before;
            lock (gate)
            {
                if (line is null)
                {
                    isAtEnd = true;
                }
                else
                {
                    lines.Add(line);
                }

                (before, changed) = (changed, New());
            }

            before.SetResult();
            if (line is null)
            {
                return;
            }
        }
    }

    // The kernel keeps the highest mark, so looking now and then misses only what comes in the last moment.
    private async Task WatchMemoryAsync()
    {
        while (!process.HasExited)
        {
            try
            {
                foreach (var line in await File.ReadAllLinesAsync($"/proc/{Id}/status"))
                {
                    if (line.StartsWith("VmHWM:", StringComparison.Ordinal))
                    {
                        PeakBytes = Math.Max(PeakBytes, 1024 * long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1]));
                    }
                }
            }
            catch (IOException)
            {
                return;
            }

            await Task.Delay(20);
        }
    }
}

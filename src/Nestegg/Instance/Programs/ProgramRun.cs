using System.Collections.Concurrent;
using System.ComponentModel;
using System.Diagnostics;
using Nestegg.Ente;

namespace Nestegg.Instance.Programs;

/// <summary>A program that runs with its streams in our hands. Disposing it before its end kills it.</summary>
internal sealed class ProgramRun : IAsyncDisposable
{
    // Enough for the last messages; a program that complains for hours must not fill the memory.
    private const int KeptErrorLines = 40;

    // What it started may outlive it and hold its standard error open for as long as it likes.
    private static readonly TimeSpan LastWordsLimit = TimeSpan.FromSeconds(2);

    private readonly string name;
    private readonly Process process;
    private readonly Task errorReading;
    private readonly ConcurrentQueue<string> errorLines = new();

    /// <param name="variables">What it gets besides the few that every program gets (<see cref="ChildEnvironment"/>).</param>
    /// <exception cref="NesteggException">The program cannot be started.</exception>
    public ProgramRun(string name, ProcessStartInfo start, IEnumerable<KeyValuePair<string, string>> variables)
    {
        this.name = name;
        ChildEnvironment.Narrow(start);
        foreach (var (variable, value) in variables)
        {
            start.Environment[variable] = value;
        }

        try
        {
            process = Process.Start(start)!;
        }
        catch (Exception exception) when (exception is Win32Exception or IOException)
        {
            throw new NesteggException(
                FailureKind.BadInput, $"{start.FileName} cannot be started: {SystemWords.Of(exception)}",
                "see that it is installed and that you may run it", exception);
        }

        errorReading = ReadErrorsAsync();
    }

    public Stream StandardInput => process.StandardInput.BaseStream;

    public Stream StandardOutput => process.StandardOutput.BaseStream;

    /// <summary>What it wrote to standard error, as far as it is kept; complete after <see cref="CompleteAsync"/>.</summary>
    public IReadOnlyCollection<string> ErrorLines => errorLines;

    /// <summary>Waits for the end. The caller has read standard output to its end before.</summary>
    /// <exception cref="NesteggException">It ended with another code than 0; the message has its last words.</exception>
    public async Task CompleteAsync(CancellationToken cancellationToken)
    {
        var exitCode = await WaitAsync(cancellationToken);
        if (exitCode != 0)
        {
            throw Failure(exitCode);
        }
    }

    /// <summary>Waits for the end and gives the exit code.</summary>
    public async Task<int> WaitAsync(CancellationToken cancellationToken)
    {
        await process.WaitForExitAsync(cancellationToken);
        await ReadLastWordsAsync(cancellationToken);
        return process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (process.HasExited || TryKill())
        {
            await process.WaitForExitAsync(CancellationToken.None);
            await ReadLastWordsAsync(CancellationToken.None);
        }

        process.Dispose();
    }

    private async Task ReadLastWordsAsync(CancellationToken cancellationToken)
    {
        await Task.WhenAny(errorReading, Task.Delay(LastWordsLimit, TimeProvider.System, cancellationToken));
        cancellationToken.ThrowIfCancellationRequested();
    }

    // A program that sudo started as somebody else cannot be ended from here, and ends by itself when its pipes are closed.
    private bool TryKill()
    {
        try
        {
            process.Kill(entireProcessTree: true);
            return true;
        }
        catch (Exception failure) when (failure is AggregateException or Win32Exception)
        {
            return false;
        }
    }

    private NesteggException Failure(int exitCode)
    {
        var words = errorLines.Where(line => line.Length > 0).TakeLast(3).ToArray();
        var said = words.Length > 0 ? string.Join(' ', words) : "it said nothing";
        return new NesteggException(
            FailureKind.OutOfReach, $"{name} failed with exit code {exitCode}: {said}",
            "nestegg doctor looks at the database and at its programs");
    }

    private async Task ReadErrorsAsync()
    {
        while (await process.StandardError.ReadLineAsync(CancellationToken.None) is { } line)
        {
            // PostgreSQL's begin with a tab where they go on.
            errorLines.Enqueue(line.Trim());
            if (errorLines.Count > KeptErrorLines)
            {
                errorLines.TryDequeue(out _);
            }
        }
    }
}

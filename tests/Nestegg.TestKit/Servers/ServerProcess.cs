using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace Nestegg.TestKit.Servers;

/// <summary>A program that runs in the background until it is stopped, or until the tests end.</summary>
public sealed class ServerProcess : IAsyncDisposable
{
    private const int KeptLines = 200;

    private static readonly ConcurrentDictionary<ServerProcess, bool> Running = new();

    private readonly Process process;
    private readonly ConcurrentQueue<string> lines = new();

    static ServerProcess() => AppDomain.CurrentDomain.ProcessExit += (_, _) =>
    {
        foreach (var server in Running.Keys)
        {
            server.Kill();
        }
    };

    private ServerProcess(Process process) => this.process = process;

    public bool HasExited => process.HasExited;

    /// <summary>The last lines that it wrote, for a message about what went wrong.</summary>
    public string Output => string.Join('\n', lines);

    public static ServerProcess Start(string program, params IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo(
            program, arguments)
        {
            RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true,
        };
        var server = new ServerProcess(new Process { StartInfo = start });
        server.process.OutputDataReceived += (_, line) => server.Keep(line.Data);
        server.process.ErrorDataReceived += (_, line) => server.Keep(line.Data);
        server.process.Start();
        Running[server] = true;
        server.process.StandardInput.Close();
        server.process.BeginOutputReadLine();
        server.process.BeginErrorReadLine();
        return server;
    }

    /// <summary>
    /// A port of the loopback interface that nobody listens on at this moment, below those that the system gives to outgoing connections:
    /// one of these could take it before the server does.
    /// </summary>
    public static int FreePort()
    {
        while (true)
        {
            var port = RandomNumberGenerator.GetInt32(20_000, 32_000);
            using var listener = new TcpListener(IPAddress.Loopback, port);
            try
            {
                listener.Start();
                return port;
            }
            catch (SocketException taken) when (taken.SocketErrorCode == SocketError.AddressAlreadyInUse)
            {
                // Another one, then.
            }
        }
    }

    /// <summary>Asks again and again until the answer is yes; gives up when the server has ended or a minute has passed.</summary>
    public async Task WaitUntilAsync(string what, Func<CancellationToken, Task<bool>> isReady, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(TimeSpan.FromSeconds(60));
        try
        {
            while (!await isReady(limit.Token))
            {
                if (HasExited)
                {
                    throw new InvalidOperationException($"{process.StartInfo.FileName} ended before {what}: {Output}");
                }

                await Task.Delay(50, limit.Token);
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException($"{process.StartInfo.FileName}: no sign of {what} within a minute: {Output}");
        }
    }

    /// <summary>Sends a signal, such as TERM, INT, STOP or CONT.</summary>
    public Task SignalAsync(string signal, CancellationToken cancellationToken) =>
        ExternalProgram.RunAsync("kill", ["-" + signal, process.Id.ToString()], cancellationToken);

    /// <summary>Asks it to end, and ends it after ten seconds.</summary>
    public async Task StopAsync(string signal, CancellationToken cancellationToken)
    {
        if (!HasExited)
        {
            await ExternalProgram.TryRunAsync("kill", ["-" + signal, process.Id.ToString()], cancellationToken);
        }

        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(TimeSpan.FromSeconds(10));
        try
        {
            await process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            Kill();
        }

        Running.TryRemove(this, out _);
    }

    public void Kill()
    {
        if (!process.HasExited)
        {
            process.Kill(entireProcessTree: true);
        }

        Running.TryRemove(this, out _);
    }

    public ValueTask DisposeAsync()
    {
        Kill();
        process.Dispose();
        return ValueTask.CompletedTask;
    }

    private void Keep(string? line)
    {
        if (line is null)
        {
            return;
        }

        lines.Enqueue(line);
        if (lines.Count > KeptLines)
        {
            lines.TryDequeue(out _);
        }
    }
}

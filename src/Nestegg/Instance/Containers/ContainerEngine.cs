using System.Diagnostics;
using System.Text.Json;
using Nestegg.Ente;
using Nestegg.Instance.Programs;

namespace Nestegg.Instance.Containers;

/// <summary>Runs an engine's program with these arguments and gives what it printed.</summary>
/// <exception cref="NesteggException">It failed; the message has its words.</exception>
internal delegate Task<string> RunEngine(IReadOnlyList<string> arguments, CancellationToken cancellationToken);

/// <summary>A container engine, asked through its own program; Compose, in whichever form, need not be there.</summary>
/// <param name="Program"><c>docker</c> or <c>podman</c>.</param>
internal sealed record ContainerEngine(string Program, RunEngine Run)
{
    private static readonly string[] Programs = ["docker", "podman"];
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    /// <summary>Those whose program is on this machine.</summary>
    public static IReadOnlyList<ContainerEngine> OfThisMachine(TimeProvider time)
    {
        var folders = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries);
        return [.. Programs
            .Where(name => folders.Any(folder => File.Exists(Path.Join(folder, OperatingSystem.IsWindows() ? name + ".exe" : name))))
            .Select(name => new ContainerEngine(name, (arguments, token) => AskAsync(name, arguments, time, token)))];
    }

    /// <summary>All containers that run.</summary>
    /// <exception cref="NesteggException">The engine cannot be asked.</exception>
    public async Task<IReadOnlyList<Container>> ListAsync(CancellationToken cancellationToken)
    {
        var ids = (await Run(["ps", "--quiet", "--no-trunc"], cancellationToken))
            .Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        if (ids.Length == 0)
        {
            return [];
        }

        var description = await Run(["inspect", "--type", "container", .. ids], cancellationToken);
        try
        {
            return [.. JsonSerializer.Deserialize(description, EngineJson.Default.ListContainer)!
                .Select(container => container with { Engine = Program })];
        }
        catch (JsonException failure)
        {
            throw new NesteggException(
                FailureKind.OutOfReach, $"{Program} inspect printed what is no description of containers: {SystemWords.Of(failure)}",
                $"see what {Program} inspect prints for a container", failure);
        }
    }

    private static async Task<string> AskAsync(
        string program, IReadOnlyList<string> arguments, TimeProvider time, CancellationToken cancellationToken)
    {
        using var clock = new CancellationTokenSource(Limit, time);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(clock.Token, cancellationToken);
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        };
        try
        {
            await using var run = new ProgramRun(program, start, []);
            run.StandardInput.Close();
            using var reader = new StreamReader(run.StandardOutput);
            var text = await reader.ReadToEndAsync(limit.Token);
            await run.CompleteAsync(limit.Token);
            return text;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new NesteggException(
                FailureKind.OutOfReach, $"{program} {arguments[0]} did not answer within {Limit.TotalSeconds} seconds",
                $"see whether {program} ps answers");
        }
    }
}

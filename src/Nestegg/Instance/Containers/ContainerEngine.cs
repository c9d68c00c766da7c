using System.Diagnostics;
using System.Formats.Tar;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Nestegg.Ente;
using Nestegg.Instance.Programs;

namespace Nestegg.Instance.Containers;

/// <summary>Runs an engine's program with these arguments and gives what it printed.</summary>
/// <exception cref="NesteggException">It failed; the message has its words.</exception>
internal delegate Task<byte[]> RunEngine(IReadOnlyList<string> arguments, CancellationToken cancellationToken);

/// <summary>A container engine, asked through its own program; Compose, in whichever form, need not be there.</summary>
/// <param name="Program"><c>docker</c> or <c>podman</c>.</param>
internal sealed partial record ContainerEngine(string Program, RunEngine Run)
{
    private static readonly string[] Programs = ["docker", "podman"];
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    // Descriptions of thousands of containers are shorter, and so is any file of a configuration.
    private const int LongestAnswer = 64 << 20;
    private const int MostLinks = 40;
    private const int MostAttempts = 3;

    /// <summary>Those whose program is on this machine.</summary>
    public static IReadOnlyList<ContainerEngine> OfThisMachine(TimeProvider time) =>
        [.. Programs.Where(IsOnThisMachine)
            .Select(name => new ContainerEngine(
                name, (arguments, token) => AskAsync(new ProcessStartInfo(name, arguments), [], time, token)))];

    /// <summary>Whether <c>PATH</c> leads to a program.</summary>
    public static bool IsOnThisMachine(string program)
    {
        var folders = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries);
        return folders.Any(folder => File.Exists(Path.Join(folder, OperatingSystem.IsWindows() ? program + ".exe" : program)));
    }

    /// <summary>All containers, those that are stopped too.</summary>
    /// <exception cref="NesteggException">The engine cannot be asked.</exception>
    public async Task<IReadOnlyList<Container>> ListAsync(CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            var ids = Encoding.UTF8.GetString(await Run(["ps", "--all", "--quiet", "--no-trunc"], cancellationToken))
                .Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
            try
            {
                return ids.Length == 0 ? [] : Read(await Run(["inspect", "--type", "container", .. ids], cancellationToken));
            }
            catch (NesteggException) when (attempt < MostAttempts)
            {
                // A container that was removed between the two questions makes the second fail for all of them.
            }
        }
    }

    private IReadOnlyList<Container> Read(byte[] description)
    {
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

    /// <summary>The text of a file as the container sees it, behind links too; <see langword="null"/> when no file is there.</summary>
    /// <exception cref="NesteggException">The engine cannot be asked.</exception>
    public async Task<string?> ReadFileAsync(string id, string path, CancellationToken cancellationToken)
    {
        for (var links = 0; links < MostLinks; links++)
        {
            await using var reader = new TarReader(new MemoryStream(await CopyAsync(id, path, cancellationToken) ?? []));
            switch (await reader.GetNextEntryAsync(copyData: false, cancellationToken))
            {
                case { EntryType: TarEntryType.SymbolicLink } link:
                    path = Path.GetFullPath(link.LinkName, Path.GetDirectoryName(path)!);
                    break;
                case { EntryType: TarEntryType.RegularFile or TarEntryType.V7RegularFile } file:
                    using (var text = new StreamReader(file.DataStream ?? Stream.Null))
                    {
                        return await text.ReadToEndAsync(cancellationToken);
                    }

                default:
                    return null;
            }
        }

        return null;
    }

    // A tar; nothing where nothing is.
    private async Task<byte[]?> CopyAsync(string id, string path, CancellationToken cancellationToken)
    {
        try
        {
            return await Run(["cp", $"{id}:{path}", "-"], cancellationToken);
        }
        catch (NesteggException failure) when (IsAbsent().IsMatch(failure.Message))
        {
            return null;
        }
    }

    /// <summary>Runs a program that is asked something, and gives what it printed.</summary>
    /// <param name="variables">What it gets besides the few that every program gets.</param>
    /// <exception cref="NesteggException">It failed, or did not answer in time.</exception>
    public static async Task<byte[]> AskAsync(
        ProcessStartInfo start, IEnumerable<KeyValuePair<string, string>> variables, TimeProvider time, CancellationToken cancellationToken)
    {
        var (program, question) = (start.FileName, $"{start.FileName} {start.ArgumentList[0]}");
        using var clock = new CancellationTokenSource(Limit, time);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(clock.Token, cancellationToken);
        start.RedirectStandardOutput = start.RedirectStandardError = start.RedirectStandardInput = true;
        try
        {
            await using var run = new ProgramRun(program, start, variables);
            run.StandardInput.Close();
            var answer = await ReadAsync(run.StandardOutput, limit.Token)
                ?? throw new NesteggException(
                    FailureKind.OutOfReach, $"{question} printed more than {LongestAnswer:N0} bytes", $"see what {question} prints");
            await run.CompleteAsync(limit.Token);
            return answer;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new NesteggException(
                FailureKind.OutOfReach, $"{question} did not answer within {Limit.TotalSeconds} seconds",
                $"see whether {program} ps answers");
        }
    }

    private static async Task<byte[]?> ReadAsync(Stream output, CancellationToken cancellationToken)
    {
        using var answer = new MemoryStream();
        var buffer = new byte[64 << 10];
        while (await output.ReadAsync(buffer, cancellationToken) is var count and > 0)
        {
            answer.Write(buffer, 0, count);
            if (answer.Length > LongestAnswer)
            {
                return null;
            }
        }

        return answer.ToArray();
    }

    // `Could not find the file /x in container y`, `"/x" could not be found on container y: no such file or directory`.
    [GeneratedRegex("could not find the file|could not be found|no such file or directory", RegexOptions.IgnoreCase)]
    private static partial Regex IsAbsent();
}

using Nestegg.Instance.Programs;

namespace Nestegg.Restore;

/// <summary>Streams a dump into <c>pg_restore</c>, all or nothing.</summary>
internal static class DumpLoading
{
    private const int BlockBytes = 256 * 1024;

    /// <param name="dump">Known to be what the manifest says: it is acted on while it is read.</param>
    /// <param name="start">Starts <c>pg_restore</c> with these arguments.</param>
    /// <param name="report">Told how many bytes have gone.</param>
    public static async Task RunAsync(
        Stream dump, Func<IEnumerable<string>, ProgramRun> start, Action<long> report, CancellationToken cancellationToken)
    {
        var outputReading = Task.CompletedTask;
        try
        {
            await using var run = start(
                ["--exit-on-error", "--single-transaction", "--no-owner", "--no-privileges", "--no-tablespaces"]);
            outputReading = run.StandardOutput.CopyToAsync(Stream.Null, cancellationToken);
            await FeedAsync(dump, run.StandardInput, report, cancellationToken);
            await outputReading;
            if (await run.WaitAsync(cancellationToken) != 0)
            {
                throw Refusal(run.ErrorLines);
            }
        }
        finally
        {
            // Ends with the program, which has ended by now, whichever way.
            await outputReading.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private static NesteggException Refusal(IEnumerable<string> lines)
    {
        var said = string.Join(' ', FirstError([.. lines]));
        var cause = said.Contains("connection to server", StringComparison.Ordinal)
            ? "it did not get to the server: see that PostgreSQL runs, or name another command with --pg-restore (nestegg help operations)"
            : "a server or a pg_restore that is older than the one the snapshot was made with refuses what it does not know";
        return new NesteggException(
            FailureKind.OutOfReach, $"pg_restore failed, and what it loads is there whole or not at all: {said}",
            $"{cause}; after mending it, run the same command again, before museum is started: it goes on where it was");
    }

    // The item and the first complaint about it; what follows from that is not worth a line.
    private static IEnumerable<string> FirstError(IReadOnlyList<string> lines)
    {
        const int most = 8;
        var told = lines.Where(line => line.Length > 0).ToList();
        var at = told.FindIndex(line => line.Contains("error: ", StringComparison.OrdinalIgnoreCase));
        var from = at > 0 && told[at - 1].Contains("TOC entry", StringComparison.Ordinal) ? at - 1 : Math.Max(at, 0);
        return told.Skip(from).Take(most);
    }

    private static async Task FeedAsync(Stream dump, Stream input, Action<long> report, CancellationToken cancellationToken)
    {
        try
        {
            await CopyAsync(dump, input, report, cancellationToken);
            input.Close();
        }
        catch (IOException)
        {
            // The program has ended before its input did; its own words, which follow, say why.
        }
    }

    private static async Task CopyAsync(Stream dump, Stream input, Action<long> report, CancellationToken cancellationToken)
    {
        var (block, total) = (new byte[BlockBytes], 0L);
        while (await dump.ReadAsync(block, cancellationToken) is > 0 and var count)
        {
            await input.WriteAsync(block.AsMemory(0, count), cancellationToken);
            report(total += count);
        }

        await input.FlushAsync(cancellationToken);
    }
}

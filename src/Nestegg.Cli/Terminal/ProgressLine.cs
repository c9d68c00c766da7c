namespace Nestegg.Cli.Terminal;

/// <summary>One line on a terminal that is written over: counts, bytes, rate, time left.</summary>
internal sealed class ProgressLine(TextWriter terminal, TimeProvider time, Func<int?> columns)
{
    private const int DefaultColumns = 80;

    private string step = "";
    private long startedAt;
    private long startBytes;
    private bool isShown;

    public void Show(ProgressEvent state)
    {
        if (state.Step != step)
        {
            (step, startedAt, startBytes) = (state.Step, time.GetTimestamp(), state.DoneBytes);
        }

        // In the last column a terminal would begin a new line.
        var width = (columns() ?? DefaultColumns) - 1;
        terminal.Write($"\r\e[K{Describe(state, time.GetElapsedTime(startedAt), startBytes, width)}");
        terminal.Flush();
        isShown = true;
    }

    public void Clear()
    {
        if (isShown)
        {
            terminal.Write("\r\e[K");
        }

        isShown = false;
    }

    /// <summary>
    /// <c>objects 12 of 146, 3.1 of 9.8 MiB, 2.4 MiB/s, 3 s left</c>; parts that are not known are left out, and so is what a window has no
    /// room for: the rate first, the time last.
    /// </summary>
    internal static string Describe(ProgressEvent state, TimeSpan elapsed, long startBytes, int columns)
    {
        var parts = Parts(state, elapsed, startBytes).ToList();
        while (parts.Count > 1 && parts.Sum(part => part.Length + 2) > columns)
        {
            parts.RemoveAt(Math.Max(1, parts.Count - 2));
        }

        return TextFit.CutMiddle(string.Join(", ", parts), columns);
    }

    private static IEnumerable<string> Parts(ProgressEvent state, TimeSpan elapsed, long startBytes)
    {
        yield return state.Total > 0 ? $"{state.Step} {state.Done:N0} of {state.Total:N0}"
            : state is { Done: 0, DoneBytes: > 0 } ? state.Step
            : $"{state.Step} {state.Done:N0}";
        if (state is { DoneBytes: 0, TotalBytes: null or 0 })
        {
            yield break;
        }

        yield return state.TotalBytes is > 0 and { } totalBytes
            ? $"{ByteText.Of(state.DoneBytes)} of {ByteText.Of(totalBytes)}"
            : ByteText.Of(state.DoneBytes);
        var bytesPerSecond = elapsed.TotalSeconds >= 1 ? (state.DoneBytes - startBytes) / elapsed.TotalSeconds : 0;
        if (bytesPerSecond < 1)
        {
            yield break;
        }

        yield return $"{ByteText.Of((long)bytesPerSecond)}/s";
        if (state.TotalBytes - state.DoneBytes is > 0 and { } leftBytes)
        {
            yield return $"{TimeText(leftBytes / bytesPerSecond)} left";
        }
    }

    private static string TimeText(double seconds) => seconds switch
    {
        < 60 => $"{Math.Ceiling(seconds):N0} s",
        < 3600 => $"{seconds / 60:N0} min",
        < 48 * 3600 => $"{seconds / 3600:N1} h",
        _ => $"{seconds / 86400:N1} days",
    };
}

/// <summary>Lets a progress event through when enough time has passed since the last one, and always the last of a step.</summary>
internal sealed class ProgressPace(TimeProvider time, TimeSpan interval)
{
    private long? shownAt;

    public bool IsDue(ProgressEvent state)
    {
        var isLast = state.Total > 0 && state.Done == state.Total;
        if (!isLast && shownAt is { } at && time.GetElapsedTime(at) < interval)
        {
            return false;
        }

        shownAt = time.GetTimestamp();
        return true;
    }
}

/// <summary>Numbers of bytes for people.</summary>
internal static class ByteText
{
    private static readonly string[] Units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];

    public static string Of(long bytes)
    {
        double value = bytes;
        var unit = 0;
        while (value >= 1024 && unit < Units.Length - 1)
        {
            value /= 1024;
            unit++;
        }

        return unit == 0 ? $"{bytes} B" : $"{value:0.0} {Units[unit]}";
    }
}

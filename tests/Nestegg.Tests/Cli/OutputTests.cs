using System.Text;
using Nestegg.Cli.Terminal;
using Nestegg.TestKit;

namespace Nestegg.Tests.Cli;

public sealed class OutputTests : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly StringWriter output = new();
    private readonly StringWriter error = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData(12, 146, 3 << 20, 10 << 20, "objects 12 of 146, 3.0 MiB of 10.0 MiB, 1.5 MiB/s, 5 s left")]
    [InlineData(12, 0, 3 << 20, 0, "objects 12, 3.0 MiB, 1.5 MiB/s")]
    [InlineData(12, 146, 0, 0, "objects 12 of 146")]
    [InlineData(0, 0, 3 << 20, 0, "objects, 3.0 MiB, 1.5 MiB/s")]
    [InlineData(146, 146, 10 << 20, 10 << 20, "objects 146 of 146, 10.0 MiB of 10.0 MiB, 5.0 MiB/s")]
    public void Progress_says_counts_bytes_rate_and_time_left(long done, long total, long doneBytes, long totalBytes, string expected) =>
        Assert.Equal(
            expected,
            ProgressLine.Describe(new ProgressEvent("objects", done, total, doneBytes, totalBytes), TimeSpan.FromSeconds(2), 0, 100));

    [Theory]
    [InlineData(79, "objects 1,234,567 of 12,345,678, 1.0 TiB of 9.0 TiB, 170.7 GiB/s, 48 s left")]
    [InlineData(70, "objects 1,234,567 of 12,345,678, 1.0 TiB of 9.0 TiB, 48 s left")]
    [InlineData(59, "objects 1,234,567 of 12,345,678, 48 s left")]
    [InlineData(35, "objects 1,234,567 of 12,345,678")]
    [InlineData(20, "objects 1,…2,345,678")]
    public void Progress_leaves_out_what_a_window_has_no_room_for(int columns, string expected)
    {
        var state = new ProgressEvent("objects", 1_234_567, 12_345_678, 1L << 40, 9L << 40);

        Assert.Equal(expected, ProgressLine.Describe(state, TimeSpan.FromSeconds(6), 0, columns));
    }

    [Fact]
    public void A_counter_never_passes_its_total()
    {
        using var events = new Output(Host(isTerminal: false), isJson: true, isQuiet: false);
        events.Report(new ProgressEvent("objects", 147, 146, 11, 10));

        Assert.Equal(
            """{"event":"progress","step":"objects","done":147,"total":147,"doneBytes":11,"totalBytes":11}""", output.ToString().Trim());
    }

    [Fact]
    public void A_finding_is_broken_at_words_in_a_window_and_nowhere_else()
    {
        var words = string.Concat(Enumerable.Repeat("sixteen letters ", 6));
        var finding = new FindingEvent(new Finding("c", Severity.Warning, "bucket b2-eu-cen", words + "end", "do it"));
        using (var window = new Output(Host(isTerminal: true), isJson: false, isQuiet: false))
        {
            window.Report(finding);
        }

        var lines = output.ToString().TrimEnd().Split('\n');
        Assert.Equal(4, lines.Length);
        Assert.All(lines, line => Assert.InRange(line.Length, 1, 60));
        Assert.StartsWith("warning  bucket b2-eu-cen: sixteen letters", lines[0]);
        Assert.All(lines[1..], line => Assert.StartsWith("         ", line));
        output.GetStringBuilder().Clear();
        using var file = new Output(Host(isTerminal: false), isJson: false, isQuiet: false);
        file.Report(finding);
        Assert.Equal(2, output.ToString().TrimEnd().Split('\n').Length);
    }

    [Fact]
    public void In_a_window_a_table_breaks_sentences_and_cuts_keys_in_the_middle()
    {
        using var window = new Output(Host(isTerminal: true), isJson: false, isQuiet: false);
        window.Table(
            "object", ["key", "size", "why"],
            [["1580559962386438/" + new string('k', 40) + "-end", Cell.Bytes(2048), "a sentence that says why in more words than fit"]]);

        var text = output.ToString();
        Assert.All(text.TrimEnd().Split('\n'), line => Assert.InRange(line.TrimEnd().Length, 0, 60));
        Assert.Matches("1580559962\\w*(/k+)?…k*-end", text);
        Assert.Contains("2.0 KiB", text);
        Assert.All("a sentence that says why in more words than fit".Split(' '), word => Assert.Contains(word, text));
    }

    [Fact]
    public void Ids_dates_and_numbers_are_never_cut_and_rows_become_lines_where_they_have_no_room()
    {
        const string id = "20261127T140728Z-00002089";
        string[] columns = ["album", "name", "taken", "size", "file", "since", "until"];
        Cell[] row =
        [
            "Summer at the lake", new string('x', 70) + ".png", Cell.Whole("2026-11-27"), Cell.Bytes(15_000),
            Cell.Id(1_580_559_962_386_438), Cell.Whole(id), Cell.Whole(id),
        ];
        using (var window = new Output(Host(isTerminal: true), isJson: false, isQuiet: false))
        {
            window.Table("found", columns, [row]);
        }

        var lines = output.ToString().TrimEnd().Split('\n');
        Assert.All(lines, line => Assert.InRange(TextFit.Columns(line), 1, 60));
        Assert.Equal("Summer at the lake", lines[0]);
        Assert.All(lines[1..], line => Assert.StartsWith("  ", line));
        var words = string.Join(' ', lines[1..].Select(line => line.Trim()));
        Assert.Matches($@"^name x+…x+\.png, taken 2026-11-27, size 14\.6 KiB, file 1580559962386438, since {id}, until {id}$", words);

        output.GetStringBuilder().Clear();
        using var file = new Output(Host(isTerminal: false), isJson: false, isQuiet: false);
        file.Table("found", columns, [row]);
        Assert.Contains(new string('x', 70) + ".png   2026-11-27", output.ToString());
    }

    [Theory]
    [InlineData("photo", 5)]
    [InlineData("写真", 4)]
    [InlineData("e\u0301.png", 5)]
    [InlineData("😀 日本.png", 11)]
    public void What_is_written_wide_takes_two_columns_and_a_mark_none(string text, int columns) =>
        Assert.Equal(columns, TextFit.Columns(text));

    [Theory]
    [InlineData("IMG_20261127.jpg", 9, "IMG_….jpg")]
    [InlineData("写真写真写真写真", 8, "写真…真")]
    [InlineData("😀😀😀😀😀", 7, "😀…😀")]
    [InlineData("ae\u0301e\u0301e\u0301e\u0301b", 5, "ae\u0301…e\u0301b")]
    [InlineData("photo", 0, "")]
    public void A_word_is_cut_between_signs(string word, int columns, string expected)
    {
        Assert.Equal(expected, TextFit.CutMiddle(word, columns));
        Assert.InRange(TextFit.Columns(expected), 0, columns);
    }

    [Fact]
    public void In_json_the_summary_is_the_last_line_also_after_an_error()
    {
        using var events = new Output(Host(isTerminal: false), isJson: true, isQuiet: false);
        events.Finish(new Summary().Add("objects", 3, "objects"));
        events.Report(new FindingEvent(new Finding("late", Severity.Warning, "s", "m", "")));
        events.Error(ExitCode.OutOfReach, "gone", "");
        events.End(ExitCode.OutOfReach);

        var lines = output.ToString().Trim().Split('\n');
        Assert.Equal("""{"event":"summary","exitCode":30,"objects":3}""", lines[^1]);
        Assert.Single(lines, line => line.Contains("\"summary\""));
    }

    [Fact]
    public void What_is_to_be_typed_is_not_broken()
    {
        using var narrow = new Output(Host(isTerminal: true), isJson: false, isQuiet: false);
        var command = string.Join(' ', Enumerable.Repeat("--option", 30));
        narrow.Typed(command);
        narrow.Typed("# a remark of more words than a window of sixty columns has room for in one line");
        Assert.Equal(
            $"""
              {command}
              # a remark of more words than a window of sixty columns
              # has room for in one line

            """, output.ToString());
    }

    [Fact]
    public void What_is_in_order_is_left_out_where_only_what_is_wrong_counts()
    {
        var (fine, wrong) = (new Finding("fine", Severity.Ok, "a", "is fine", ""), new Finding("odd", Severity.Note, "b", "is odd", ""));
        using var brief = new Output(Host(isTerminal: false), isJson: false, isQuiet: false) { IsBrief = true };
        brief.Report(new FindingEvent(fine));
        brief.Report(new FindingEvent(wrong));
        Assert.Equal("note     b: is odd\n", output.ToString());
        using var events = new Output(Host(isTerminal: false), isJson: true, isQuiet: false) { IsBrief = true };
        events.Report(new FindingEvent(fine));
        Assert.Contains("\"fine\"", output.ToString());
    }

    [Fact]
    public void A_terminal_obeys_no_name_that_somebody_else_chose()
    {
        using var text = new Output(Host(isTerminal: true), isJson: false, isQuiet: false);
        text.Report(new FindingEvent(new Finding("unknown-file", Severity.Warning, "objects/\u001b[2Jx", "is \u009b31m odd", "\r hint")));
        text.Report(new StepEvent("lock", "The lock of \u001b]0;title\u0007"));
        text.Report(new FindingEvent(new Finding("unknown-file", Severity.Warning, "a\nok", "\u202elooks\nnice", "")));
        text.Table("found", ["name"], [["x\u001b[2J\ny\u2066"]]);
        text.Error(ExitCode.Damaged, "\u001b[1A", "");
        Assert.DoesNotContain(output.ToString() + error, letter => char.IsControl(letter) && letter is not '\n' and not '\t');
        Assert.Contains("objects/\ufffd[2Jx: is \ufffd31m odd", output.ToString());
        Assert.Contains("a\ufffdok: \ufffdlooks\ufffdnice", output.ToString());
        Assert.Contains("x\ufffd[2J\ufffdy\ufffd", output.ToString());
    }

    [Fact]
    public void Progress_is_drawn_on_a_terminal_only_and_cleared_before_text()
    {
        using (var quiet = new Output(Host(isTerminal: false), isJson: false, isQuiet: false))
        {
            quiet.Report(new ProgressEvent("objects", 1, 2, 0, 0));
        }

        Assert.Equal("", error.ToString());
        using var drawn = new Output(Host(isTerminal: true), isJson: false, isQuiet: false);
        drawn.Report(new ProgressEvent("objects", 1, 2, 0, 0));
        drawn.Report(new StepEvent("commit", "writing the manifest"));

        Assert.Equal("\r\e[Kobjects 1 of 2\r\e[Kwriting the manifest\n", error.ToString());
    }

    [Fact]
    public void Events_of_progress_are_paced_but_the_last_one_always_comes()
    {
        using var events = new Output(Host(isTerminal: false), isJson: true, isQuiet: false);
        for (var i = 1; i <= 100; i++)
        {
            events.Report(new ProgressEvent("objects", i, 100, i * 10, 1000));
        }

        var lines = output.ToString().Trim().Split('\n');
        Assert.Equal("""{"event":"progress","step":"objects","done":1,"total":100,"doneBytes":10,"totalBytes":1000}""", lines[0]);
        Assert.Contains("\"done\":100,", lines[^1]);
        Assert.True(lines.Length < 10);
    }

    [Fact]
    public void A_table_keeps_long_cells_whole_and_is_rows_in_json()
    {
        var key = "1580559962386438/" + new string('k', 300);
        using (var text = new Output(Host(isTerminal: false), isJson: false, isQuiet: false))
        {
            text.Table("object", ["key", "in trash", "size"], [[key, 1234, Cell.Bytes(2048)]]);
        }

        Assert.Contains(key, output.ToString());
        Assert.Matches("1,234 +2.0 KiB", output.ToString());
        output.GetStringBuilder().Clear();
        using var json = new Output(Host(isTerminal: false), isJson: true, isQuiet: false);
        json.Table("object", ["key", "in trash", "size"], [["k/[red]", 1234, Cell.Bytes(2048)], ["-", 0, Cell.Bytes(null)]]);
        Assert.Equal("""
            {"event":"object","key":"k/[red]","inTrash":1234,"size":2048}
            {"event":"object","key":"-","inTrash":0,"size":""}

            """, output.ToString());
    }

    [Fact]
    public void A_summary_is_aligned_for_people()
    {
        var summary = new Summary().Add("objects", 1234, "objects").AddBytes("objectBytes", 2048, "bytes")
            .Add("complete", true, "complete");

        Assert.Equal(["objects:  1,234", "bytes:    2.0 KiB (2,048 B)", "complete: yes"], summary.Lines());
    }

    private CommandHost Host(bool isTerminal) => new()
    {
        Out = output, Error = error, IsTerminal = isTerminal, WorkingFolder = folder.Path,
        Environment = new Dictionary<string, string>(), IsOutTerminal = isTerminal, Columns = () => 60,
    };
}

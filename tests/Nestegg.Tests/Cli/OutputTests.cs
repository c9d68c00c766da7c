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
    [InlineData(146, 146, 10 << 20, 10 << 20, "objects 146 of 146, 10.0 MiB of 10.0 MiB, 5.0 MiB/s")]
    public void Progress_says_counts_bytes_rate_and_time_left(long done, long total, long doneBytes, long totalBytes, string expected) =>
        Assert.Equal(
            expected, ProgressLine.Describe(new ProgressEvent("objects", done, total, doneBytes, totalBytes), TimeSpan.FromSeconds(2), 0));

    [Fact]
    public void A_terminal_obeys_no_name_that_somebody_else_chose()
    {
        using var text = new Output(Host(isTerminal: true), isJson: false, isQuiet: false);
        text.Report(new FindingEvent(new Finding("unknown-file", Severity.Warning, "objects/\u001b[2Jx", "is \u009b31m odd", "\r hint")));
        text.Report(new StepEvent("lock", "The lock of \u001b]0;title\u0007"));
        text.Error(ExitCode.Damaged, "\u001b[1A", "");
        Assert.DoesNotContain(output.ToString() + error, letter => char.IsControl(letter) && letter is not '\n' and not '\t');
        Assert.Contains("objects/\ufffd[2Jx: is \ufffd31m odd", output.ToString());
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

    [Theory]
    [InlineData("secret\n", "secret")]
    [InlineData("secret\r\nmore\n", "secret")]
    [InlineData("sécret 中", "sécret 中")]
    public async Task A_secret_is_the_first_line_of_its_file(string content, string expected)
    {
        File.WriteAllText(folder["s"], content);

        Assert.Equal(expected, Encoding.UTF8.GetString(await ReadAsync(new SecretSource(FilePath: "s"))));
    }

    [Fact]
    public async Task A_secret_comes_from_an_open_file_descriptor()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "file descriptors are opened by number here");
        File.WriteAllText(folder["s"], "from fd\n");
        using var file = File.OpenHandle(folder["s"]);

        Assert.Equal("from fd", Encoding.UTF8.GetString(await ReadAsync(new SecretSource(FileDescriptor: (int)file.DangerousGetHandle()))));
    }

    [Fact]
    public async Task A_secret_comes_from_the_environment_when_nothing_else_is_named() =>
        Assert.Equal("from environment", Encoding.UTF8.GetString(await ReadAsync(new SecretSource())));

    [Fact]
    public async Task What_cannot_be_read_is_named()
    {
        File.WriteAllText(folder["empty"], "\n");

        Assert.Contains(
            "the password is empty", (await Assert.ThrowsAsync<NesteggException>(() => ReadAsync(new SecretSource("empty")))).Message);
        Assert.Contains("/nope with the password does not exist", (await Assert.ThrowsAsync<NesteggException>(
            () => ReadAsync(new SecretSource("nope")))).Message);
        Assert.Contains("file descriptor 9999", (await Assert.ThrowsAsync<NesteggException>(
            () => ReadAsync(new SecretSource(FileDescriptor: 9999)))).Message);
    }

    private Task<byte[]> ReadAsync(SecretSource source) =>
        new SecretPrompt(Host(isTerminal: false)).ReadAsync("password", source, "SECRET", TestContext.Current.CancellationToken);

    private CommandHost Host(bool isTerminal) => new()
    {
        Out = output, Error = error, IsTerminal = isTerminal, WorkingFolder = folder.Path,
        Environment = new Dictionary<string, string> { ["SECRET"] = "from environment" },
    };
}

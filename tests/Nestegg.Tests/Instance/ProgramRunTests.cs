using System.Diagnostics;
using System.Globalization;
using Nestegg.Instance.Programs;
using Nestegg.TestKit;

namespace Nestegg.Tests.Instance;

/// <summary>Programs that a person configured, such as a script around pg_dump.</summary>
public sealed class ProgramRunTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task What_a_program_leaves_running_is_not_waited_for()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "there is no sh there");
        var script = $"sleep 300 >/dev/null & echo $! > '{folder["left"]}'; echo 'its last words' >&2; exit 3";
        await using (var run = new ProgramRun("the program", Start(script), []))
        {
            Assert.Equal(3, await run.WaitAsync(Token));
            Assert.Equal(["its last words"], run.ErrorLines);
        }

        var left = await File.ReadAllTextAsync(folder["left"], Token);
        using var process = Process.GetProcessById(int.Parse(left, CultureInfo.InvariantCulture));
        process.Kill();
    }

    private static ProcessStartInfo Start(string script) => new("sh", ["-c", script])
    {
        RedirectStandardInput = true,
        RedirectStandardOutput = true,
        RedirectStandardError = true,
    };
}

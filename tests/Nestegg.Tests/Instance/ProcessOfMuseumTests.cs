using System.Diagnostics;
using Nestegg.Ente.Configuration;
using Nestegg.Instance;
using Nestegg.TestKit;

namespace Nestegg.Tests.Instance;

public sealed class ProcessOfMuseumTests : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly List<Process> started = [];

    public void Dispose()
    {
        foreach (var process in started)
        {
            process.Kill();
            process.WaitForExit();
            process.Dispose();
        }

        folder.Dispose();
    }

    [Theory]
    [InlineData("museum")]
    [InlineData(".museum-wrapped")]
    public void A_process_in_the_folder_says_with_what_it_runs(string program)
    {
        Directory.CreateDirectory(folder["run"]);
        File.WriteAllText(folder["museum.yaml"], "db: { password: not read }");
        File.WriteAllText(folder["run/museum.yaml"], "db: { password: read, user: read }");
        Start(program, folder["run"], "ENTE_DB_USER", "running");

        var (process, findings) = ProcessOfMuseum.Find(folder.Path);

        Assert.Empty(findings);
        var read = InstanceFolder.Read(new InstanceLocation(folder.Path) { Museum = process });
        Assert.Equal("read", read.Configuration.Text("db.password"));
        Assert.Equal("running", read.Configuration.Text("db.user"));
        Assert.Equal($"db.user (ENTE_DB_USER in the environment of the process {started[0].Id})", read.Configuration.Describe("db.user"));
    }

    [Fact]
    public void Another_folders_process_is_another_instances()
    {
        Directory.CreateDirectory(folder["other"]);
        Directory.CreateDirectory(folder["oth"]);
        Start("museum", folder["other"], "ENTE_DB_USER", "other");
        Assert.Null(ProcessOfMuseum.Find(folder["oth"]).Process);
        Assert.NotNull(ProcessOfMuseum.Find(folder["other"]).Process);
    }

    [Fact]
    public void Several_are_named()
    {
        Start("museum", folder.Path, "ENTE_DB_USER", "one");
        Start("museum", folder.Path, "ENTE_DB_USER", "two");
        var (process, findings) = ProcessOfMuseum.Find(folder.Path);
        Assert.Null(process);
        Assert.Equal("museum-ambiguous", Assert.Single(findings).Code);
        Assert.All(started, one => Assert.Contains($"/proc/{one.Id}", findings[0].Subject));
    }

    private void Start(string program, string workingFolder, string variable, string value)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "only Linux has /proc");
        Directory.CreateDirectory(folder["bin"]);
        if (!File.Exists(folder[$"bin/{program}"]))
        {
            File.Copy(ExternalProgram.Find("sleep")!, folder[$"bin/{program}"]);
        }

        var start = new ProcessStartInfo(folder[$"bin/{program}"], ["600"]) { WorkingDirectory = workingFolder };
        start.Environment[variable] = value;
        started.Add(Process.Start(start)!);
    }
}

using System.Formats.Tar;
using System.Text;
using Nestegg.Ente.Configuration;
using Nestegg.Instance;
using Nestegg.Instance.Containers;
using Nestegg.TestKit;

namespace Nestegg.Tests.Instance;

public sealed class RunningInstanceTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task An_engine_that_refuses_leaves_the_files_to_count()
    {
        await File.WriteAllTextAsync(folder["museum.yaml"], "db: { password: file }", Token);
        var read = await ReadAsync(_ => throw new NesteggException(FailureKind.OutOfReach, "permission denied", ""));
        Assert.Equal("file", read.Folder.Configuration.Text("db.password"));
        Assert.Equal("museum-unasked", Assert.Single(read.Findings).Code);
        Assert.Contains("permission denied", read.Findings[0].Message);
    }

    [Fact]
    public async Task An_engine_that_gives_no_files_leaves_the_files_to_count()
    {
        await File.WriteAllTextAsync(folder["museum.yaml"], "db: { password: file }", Token);
        var read = await ReadAsync(arguments => arguments[0] switch
        {
            "ps" => Encoding.UTF8.GetBytes("m"),
            "inspect" => Encoding.UTF8.GetBytes(Description("/no/such/museum.yaml")),
            _ => throw new NesteggException(FailureKind.OutOfReach, "not allowed", ""),
        });
        Assert.Equal("file", read.Folder.Configuration.Text("db.password"));
        Assert.All(read.Findings, finding => Assert.Equal("museum-unread", finding.Code));
        Assert.Contains(read.Findings, finding => finding.Message.Contains("not allowed", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_file_that_only_the_engine_reaches_is_read_through_it()
    {
        var read = await ReadAsync(arguments => arguments switch
        {
            ["ps", ..] => Encoding.UTF8.GetBytes("m"),
            ["inspect", ..] => Encoding.UTF8.GetBytes(Description("/host_mnt/museum.yaml")),
            ["cp", "m:/museum.yaml", "-"] => Tar("museum.yaml", "db: { password: inside }"),
            _ => throw new NesteggException(FailureKind.OutOfReach, "Could not find the file in container m", ""),
        });
        Assert.Equal("inside", read.Folder.Configuration.Text("db.password"));
        Assert.Equal("museum-asked", Assert.Single(read.Findings).Code);
    }

    private static byte[] Tar(string name, string text)
    {
        using var tar = new MemoryStream();
        using (var writer = new TarWriter(tar, leaveOpen: true))
        {
            using var content = new MemoryStream(Encoding.UTF8.GetBytes(text));
            writer.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, name) { DataStream = content });
        }

        return tar.ToArray();
    }

    private string Description(string source) => $$"""
        [{"Id":"m","Name":"/museum","Mounts":[{"Source":"{{source}}","Destination":"/museum.yaml"}],
          "Config":{"WorkingDir":"/","Labels":{"com.docker.compose.project.working_dir":"{{folder.Path}}"} } }]
        """;

    private async Task<RunningInstance> ReadAsync(Func<IReadOnlyList<string>, byte[]> run)
    {
        var engine = new ContainerEngine("docker", (arguments, _) => Task.FromResult(run(arguments)));
        return await RunningInstance.ReadAsync(
            new InstanceLocation(folder.Path), await RunningContainers.FindAsync(folder.Path, [engine], Token), [], Token);
    }
}

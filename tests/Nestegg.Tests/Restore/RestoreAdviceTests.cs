using Nestegg.Restore;
using Nestegg.TestKit;

namespace Nestegg.Tests.Restore;

public sealed class RestoreAdviceTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("docker-compose.yml", "docker-compose.override.yml")]
    [InlineData("compose.yml")]
    public void The_first_start_names_the_compose_files_that_are_there(params string[] names)
    {
        var lines = NextSteps(names);
        Assert.Contains(lines, line => line.StartsWith(
            $"docker compose -f {string.Join(" -f ", names)} -f first-start.yaml up -d", StringComparison.Ordinal));
        Assert.DoesNotContain(lines, line => line.Contains("-f compose.yaml", StringComparison.Ordinal));
    }

    [Fact]
    public void Without_a_compose_file_no_command_of_compose_is_typed()
    {
        var lines = NextSteps([]);
        Assert.DoesNotContain(lines, line => line.StartsWith("docker compose", StringComparison.Ordinal));
        Assert.Contains(lines, line => line.StartsWith("ENTE_JOBS_CRON_SKIP=true ./museum", StringComparison.Ordinal));
    }

    private List<string> NextSteps(string[] names)
    {
        Directory.CreateDirectory(folder["new"]);
        foreach (var name in names)
        {
            File.WriteAllText(Path.Join(folder["new"], name), "services: {}\n");
        }

        return [.. RestoreAdvice.NextSteps(new RestoreOptions { Into = folder["new"] })];
    }
}

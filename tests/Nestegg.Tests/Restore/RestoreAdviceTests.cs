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

    [Fact]
    public void The_first_start_names_the_files_of_COMPOSE_FILE_and_the_service_as_it_is_called()
    {
        Directory.CreateDirectory(folder["new/stack"]);
        File.WriteAllText(folder["new/.env"], "COMPOSE_FILE=stack/base.yaml:own.yaml\n");
        File.WriteAllText(folder["new/stack/base.yaml"], "services: { photos-api: { image: ghcr.io/ente-io/server } }\n");
        File.WriteAllText(folder["new/own.yaml"], "services: { photos-api: { environment: [ENTE_DB_HOST=x] } }\n");

        var lines = NextSteps([]);

        Assert.Contains("echo 'services: {photos-api: {environment: {ENTE_JOBS_CRON_SKIP: \"true\"}}}' > first-start.yaml", lines);
        Assert.Contains(
            lines,
            line => line.StartsWith("docker compose -f stack/base.yaml -f own.yaml -f first-start.yaml up", StringComparison.Ordinal));
    }

    [Fact]
    public void What_belongs_outside_of_the_folder_is_moved_before_anything_is_started()
    {
        var lines = NextSteps(
            ["compose.yaml"],
            new PlannedMove("data", "../files/data", folder["files/data"], IsFolder: true, IsTaken: false),
            new PlannedMove("museum.yaml", "/etc/my ente/museum.yaml", "/etc/my ente/museum.yaml", IsFolder: false, IsTaken: true));
        Assert.Equal($"cd {folder["new"]}", lines[0]);
        Assert.Equal("mkdir -p ../files && mv data ../files/data", lines[2]);
        Assert.Equal("mv -i museum.yaml '/etc/my ente/museum.yaml'", lines[4]);
        Assert.True(lines.FindIndex(line => line.StartsWith("docker", StringComparison.Ordinal)) > 4);
        Assert.All(lines, line => Assert.True(line.StartsWith('#') || !line.Contains('#', StringComparison.Ordinal), line));
    }

    private List<string> NextSteps(string[] names, params PlannedMove[] moves)
    {
        Directory.CreateDirectory(folder["new"]);
        foreach (var name in names)
        {
            File.WriteAllText(Path.Join(folder["new"], name), "services: {}\n");
        }

        return [.. RestoreAdvice.NextSteps(new RestoreOptions { Into = folder["new"] }, moves)];
    }
}

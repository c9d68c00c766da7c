using System.Text;
using Nestegg.Ente.Configuration;
using Nestegg.Instance.Containers;

namespace Nestegg.Tests.Instance;

public class RunningContainersTests
{
    // In the form of Docker 27 with the services of the quickstart; shortened to what is read. Another project runs beside them.
    private const string Description = """
        [
          {"Id":"x0","Name":"/other-postgres-1","Args":["postgres"],
           "Config":{"Labels":{"com.docker.compose.service":"postgres","com.docker.compose.project":"other",
             "com.docker.compose.project.working_dir":"/srv/other"}},
           "NetworkSettings":{"Networks":{"other_default":{"Aliases":["postgres"],"IPAddress":"172.19.0.9"}}}},
          {"Id":"a1","Name":"/my-ente-postgres-1","Args":["postgres"],"Mounts":[],
           "Config":{"Labels":{"com.docker.compose.service":"postgres","com.docker.compose.project":"my-ente",
             "com.docker.compose.project.working_dir":"/srv/my-ente"}},
           "NetworkSettings":{"Ports":{"5432/tcp":null},
             "Networks":{"my-ente_default":{"Aliases":["my-ente-postgres-1","postgres","db"],"IPAddress":"172.18.0.3"}}}},
          {"Id":"b2","Name":"/my-ente-minio-1","Args":["minio"],
           "Config":{"Labels":{"com.docker.compose.service":"minio","com.docker.compose.project":"my-ente"}},
           "NetworkSettings":{"Ports":{"3200/tcp":[{"HostIp":"0.0.0.0","HostPort":"13200"},{"HostIp":"::","HostPort":"13200"}],"9000/tcp":null},
             "Networks":{"my-ente_default":{"Aliases":["minio"],"IPAddress":"172.18.0.2"}}}},
          {"Id":"c3","Name":"/my-ente-socat-1","Args":["TCP-LISTEN:3200,fork,reuseaddr","TCP:minio:3200"],
           "Config":{"Labels":{"com.docker.compose.service":"socat","com.docker.compose.project":"my-ente"}},
           "NetworkSettings":{"Ports":{},"Networks":{}}}
        ]
        """;

    private static ContainerEngine Engine(string description) => new(
        "docker", (arguments, _) => Task.FromResult(Encoding.UTF8.GetBytes(arguments[0] == "ps" ? "x0\na1\nb2\nc3\n" : description)));

    private static async Task<string> FindAsync(string host, int port, string folder = "/srv/my-ente", string description = Description)
    {
        var containers = await RunningContainers.FindAsync(folder, [Engine(description)], TestContext.Current.CancellationToken);
        return containers.Find(new Endpoint(host, port)) is { } found ? $"{found.Reachable} {found.Container.ShownName}" : "";
    }

    [Theory]
    [InlineData("postgres", 5432, "172.18.0.3:5432 my-ente-postgres-1")]
    [InlineData("db", 5432, "172.18.0.3:5432 my-ente-postgres-1")]
    [InlineData("my-ente-postgres-1", 5432, "172.18.0.3:5432 my-ente-postgres-1")]
    [InlineData("minio", 3200, "127.0.0.1:13200 my-ente-minio-1")]
    [InlineData("minio", 9000, "172.18.0.2:9000 my-ente-minio-1")]
    [InlineData("localhost", 3200, "127.0.0.1:13200 my-ente-minio-1")]
    [InlineData("localhost", 3201, "")]
    [InlineData("redis", 6379, "")]
    public async Task A_name_of_the_instances_network_is_found(string host, int port, string expected) =>
        Assert.Equal(expected, await FindAsync(host, port));

    [Fact]
    public async Task A_container_that_is_removed_while_the_engine_is_asked_hides_none_of_the_others()
    {
        var asked = 0;
        var engine = new ContainerEngine("docker", (arguments, _) => Task.FromResult(Encoding.UTF8.GetBytes(arguments[0] switch
        {
            "ps" => "x0\na1\nb2\nc3\n",
            _ when asked++ == 0 => throw new NesteggException(FailureKind.OutOfReach, "docker failed: no such object: x0", ""),
            _ => Description,
        })));
        var containers = await RunningContainers.FindAsync("/srv/my-ente", [engine], TestContext.Current.CancellationToken);
        Assert.NotNull(containers.Find(new Endpoint("postgres", 5432)));
        Assert.Empty(containers.Refusals);
    }

    [Fact]
    public async Task Another_folders_containers_are_another_instances()
    {
        Assert.Equal("172.19.0.9:5432 other-postgres-1", await FindAsync("postgres", 5432, "/srv/other"));
        Assert.Equal("", await FindAsync("postgres", 5432, "/srv/third"));
    }

    [Theory]
    [InlineData(""" "Mounts":[{"Source":"/srv/my-ente/museum.yaml"}],"Config":{"Image":"built-here"} """)]
    [InlineData(""" "Config":{"Image":"ghcr.io/ente/server:latest","Labels":null} """)]
    [InlineData(""" "Config":{"Image":"registry.example.org/museum@sha256:00"} """)]
    [InlineData(""" "Config":{"Image":"localhost:5000/my-ente_museum:latest"} """)]
    [InlineData(""" "Config":{"Image":"11notes/ente:4.2.7"} """)]
    [InlineData(""" "Config":{"Labels":{"com.docker.compose.project.config_files":"/srv/my-ente/compose.yaml,/srv/other/b.yaml"}} """)]
    public async Task Without_labels_museum_leads_to_what_shares_its_network(string museum)
    {
        var networks = """ "NetworkSettings":{"Networks":{"ente":{"Aliases":["NAME"],"IPAddress":"10.89.0.2"}}} """;
        var description = $$"""
            [{"Id":"m","Name":"museum",{{museum}},{{networks.Replace("NAME", "museum")}} },
             {"Id":"p","Name":"pg",{{networks.Replace("NAME", "postgres").Replace("0.2", "0.3")}} },
             {"Id":"q","Name":"postgres","NetworkSettings":{"Networks":{"podman":{"Aliases":["postgres"],"IPAddress":"10.88.0.9"} } } }]
            """;
        Assert.Equal("10.89.0.3:5432 pg", await FindAsync("postgres", 5432, description: description));
    }

    [Fact]
    public async Task Of_the_instances_stopped_containers_the_one_of_that_name_is_told_and_not_reached()
    {
        const string description = """
            [{"Id":"m","Name":"/e-museum-1","State":{"Running":true},"Config":{"Labels":{"com.docker.compose.service":"museum",
              "com.docker.compose.project":"e","com.docker.compose.project.working_dir":"/srv/my-ente"}}},
             {"Id":"p","Name":"/e-postgres-1","State":{"Running":false},"Config":{"Labels":{"io.podman.compose.service":"postgres",
              "io.podman.compose.project":"e"}},"HostConfig":{"PortBindings":{"5432/tcp":[{"HostIp":"","HostPort":"15432"}]}},
              "NetworkSettings":{"Networks":{"e_default":{"Aliases":["postgres"],"IPAddress":"10.1.1.2"}}}},
             {"Id":"o","Name":"/other-postgres-1","State":{"Running":false},"Config":{"Labels":{"com.docker.compose.service":"postgres",
              "com.docker.compose.project":"other"}},"NetworkSettings":{"Networks":{}}}]
            """;
        Assert.Equal("", await FindAsync("postgres", 5432, description: description));
        var containers = await RunningContainers.FindAsync(
            "/srv/my-ente", [Engine(description)], TestContext.Current.CancellationToken);
        foreach (var endpoint in new[] { new Endpoint("postgres", 5432), new Endpoint("localhost", 15432) })
        {
            Assert.Equal(["e-postgres-1"], containers.StoppedServing(endpoint).Select(container => container.ShownName));
        }

        Assert.Empty(containers.StoppedServing(new Endpoint("minio", 3200)));
        Assert.Empty(containers.StoppedServing(new Endpoint("localhost", 3200)));
    }

    [Fact]
    public async Task The_server_is_found_by_its_published_port()
    {
        var containers = await RunningContainers.FindAsync("/srv/my-ente", [Engine(Description)], TestContext.Current.CancellationToken);
        Assert.Equal(("my-ente-minio-1", 3200), (
            containers.Serving(new Endpoint("127.0.0.1", 13200))!.Value.Container.ShownName,
            containers.Serving(new Endpoint("127.0.0.1", 13200))!.Value.Port));
        Assert.Null(containers.Serving(new Endpoint("127.0.0.1", 5432)));
    }

    [Theory]
    [InlineData("[{}]")]
    [InlineData("Emulating")]
    public async Task What_an_engine_says_that_cannot_be_asked_is_kept(string description)
    {
        var containers = await RunningContainers.FindAsync("/srv/my-ente", [Engine(description)], TestContext.Current.CancellationToken);
        Assert.Null(containers.Find(new Endpoint("postgres", 5432)));
        Assert.Contains("docker inspect printed", Assert.Single(containers.Refusals).Value);
    }
}

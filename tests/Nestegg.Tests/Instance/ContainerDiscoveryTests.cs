using Nestegg.Ente.Configuration;
using Nestegg.Instance;

namespace Nestegg.Tests.Instance;

public class ContainerDiscoveryTests
{
    // In the form of Docker 27 and Compose 2.30 with the services of the quickstart; shortened to what is read.
    private const string Listing = """
        {"ID":"a1","Name":"my-ente-postgres-1","Service":"postgres","State":"running"}
        {"ID":"b2","Name":"my-ente-minio-1","Service":"minio","State":"running"}
        {"ID":"c3","Name":"my-ente-socat-1","Service":"socat","State":"running"}
        """;

    private const string Description = """
        [
          {"Id":"a1","Name":"/my-ente-postgres-1","Args":["postgres"],
           "Config":{"Labels":{"com.docker.compose.service":"postgres"}},
           "NetworkSettings":{"Ports":{"5432/tcp":null},
             "Networks":{"my-ente_default":{"Aliases":["my-ente-postgres-1","postgres","db"],"IPAddress":"172.18.0.3"}}}},
          {"Id":"b2","Name":"/my-ente-minio-1","Args":["minio"],
           "Config":{"Labels":{"com.docker.compose.service":"minio"}},
           "NetworkSettings":{"Ports":{"3200/tcp":[{"HostIp":"0.0.0.0","HostPort":"13200"},{"HostIp":"::","HostPort":"13200"}],"9000/tcp":null},
             "Networks":{"my-ente_default":{"Aliases":["minio"],"IPAddress":"172.18.0.2"}}}},
          {"Id":"c3","Name":"/my-ente-socat-1","Args":["TCP-LISTEN:3200,fork,reuseaddr","TCP:minio:3200"],
           "Config":{"Labels":{"com.docker.compose.service":"socat"}},
           "NetworkSettings":{"Ports":{},"Networks":{}}}
        ]
        """;

    private static async Task<string> FindAsync(string host, int port, string? listing = Listing, string? description = Description)
    {
        var discovery = new ContainerDiscovery((arguments, _) => Task.FromResult(arguments[0] == "compose" ? listing : description));
        var found = await discovery.FindAsync([new Endpoint(host, port)], TestContext.Current.CancellationToken);
        return string.Join(
            ' ', found.Select(address => $"{address.Reachable} {address.Service} {(address.IsPublished ? "published" : "container")}"));
    }

    [Theory]
    [InlineData("postgres", 5432, "172.18.0.3:5432 postgres container")]
    [InlineData("db", 5432, "172.18.0.3:5432 postgres container")]
    [InlineData("my-ente-postgres-1", 5432, "172.18.0.3:5432 postgres container")]
    [InlineData("minio", 3200, "127.0.0.1:13200 minio published")]
    [InlineData("minio", 9000, "172.18.0.2:9000 minio container")]
    [InlineData("localhost", 3200, "127.0.0.1:13200 minio published")]
    [InlineData("localhost", 3201, "")]
    [InlineData("redis", 6379, "")]
    public async Task A_name_of_the_compose_network_is_found(string host, int port, string expected) =>
        Assert.Equal(expected, await FindAsync(host, port));

    [Fact]
    public async Task The_older_listing_as_an_array_is_read_too() =>
        Assert.Equal("172.18.0.3:5432 postgres container", await FindAsync("postgres", 5432, """[{"ID":"a1","Service":"postgres"}]"""));

    [Fact]
    public async Task Without_an_engine_nothing_is_found()
    {
        Assert.Equal("", await FindAsync("postgres", 5432, listing: null));
        Assert.Equal("", await FindAsync("postgres", 5432, listing: ""));
        Assert.Equal("", await FindAsync("postgres", 5432, description: null));
    }
}

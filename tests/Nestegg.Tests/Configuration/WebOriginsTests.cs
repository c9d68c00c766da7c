using Nestegg.Ente.Configuration;

namespace Nestegg.Tests.Configuration;

public class WebOriginsTests
{
    [Theory]
    [InlineData("apps: { public-albums: 'http://localhost:3002', cast: 'http://localhost:3004/' }",
        "http://localhost:3002 http://localhost:3004")]
    [InlineData("apps: { public-albums: 'https://Albums.Example.org:443/x?y', accounts: 'https://albums.example.org' }",
        "https://albums.example.org")]
    [InlineData("apps: { public-albums: 'https://bücher.example', cast: 'http://[::1]:3004' }",
        "http://[::1]:3004 https://xn--bcher-kva.example")]
    [InlineData("apps: { custom-domain: { cname: my.ente.example }, cast: 'ente://app', family: '' }",
        WebOrigins.Quickstart)]
    [InlineData("webauthn: { rporigins: ['https://other.example'] }",
        WebOrigins.Quickstart)]
    public void Each_web_address_of_the_apps_is_an_origin_as_a_browser_writes_it(string yaml, string expected)
    {
        var configuration = MuseumConfiguration.Create([("museum.yaml", yaml)], []);
        Assert.Equal(expected.Split(' '), WebOrigins.Of(configuration.Settings()).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void A_variable_counts() => Assert.Equal(
        ["https://a.example"],
        WebOrigins.Of(MuseumConfiguration.Create(
            [], [new EnvironmentVariable("ENTE_APPS_PUBLIC_ALBUMS", "https://a.example", "compose.yaml")]).Settings()));
}

using Nestegg.Ente;
using Nestegg.Ente.Configuration;
using Npgsql;

namespace Nestegg.Tests.Configuration;

public class DatabaseAndSecretsTests
{
    private static MuseumConfiguration Read(string yaml) => MuseumConfiguration.Create([("museum.yaml", yaml)], []);

    [Fact]
    public void The_database_is_reached_through_the_map()
    {
        var settings = DatabaseSettings.From(Read("db: { host: postgres, port: 5432, user: u, password: \"p;w'\" }"));

        var built = new NpgsqlConnectionStringBuilder(settings.ConnectionString(EndpointMap.Parse(["postgres:5432=127.0.0.1:15432"])));

        Assert.Equal(
            ("127.0.0.1", 15432, "ente_db", "u", "p;w'", SslMode.Disable),
            (built.Host, built.Port, built.Database, built.Username, built.Password, built.SslMode));
        Assert.Equal("postgres:5432/ente_db as u", settings.ToString());
    }

    [Fact]
    public void A_database_behind_a_socket_is_named_as_one() => Assert.Equal(
        "ente_db behind the socket /run/postgresql/.s.PGSQL.5432 as u",
        DatabaseSettings.From(Read("db: { host: /run/postgresql/, user: u }")).ToString());

    [Fact]
    public void What_extra_names_wins()
    {
        var settings = DatabaseSettings.From(
            Read("db: { host: a, extra: \"sslmode = verify-full sslrootcert='/a b/ca.pem' host=b port=6000\" }"));

        var built = new NpgsqlConnectionStringBuilder(settings.ConnectionString(EndpointMap.Empty));

        Assert.Equal(("b", 6000, SslMode.VerifyFull, "/a b/ca.pem"), (built.Host, built.Port, built.SslMode, built.RootCertificate));
        Assert.Contains(new("PGSSLROOTCERT", "/a b/ca.pem"), settings.ProgramEnvironment());
    }

    [Fact]
    public void An_unknown_ssl_mode_is_named() =>
        Assert.Contains("`maybe`", Assert.Throws<EnteException>(
            () => DatabaseSettings.From(Read("db: { sslmode: maybe }")).ConnectionString(EndpointMap.Empty)).Message);

    [Theory]
    [InlineData("localhost:3200", "10.0.0.2", 9000)]
    [InlineData("LOCALHOST:3200", "10.0.0.2", 9000)]
    [InlineData("localhost:3201", "localhost", 3201)]
    [InlineData("minio:1", "::1", 1)]
    [InlineData("minio:2", "::1", 2)]
    public void Endpoints_are_mapped_with_or_without_a_port(string from, string host, int port)
    {
        var map = EndpointMap.Parse(["localhost:3200=10.0.0.2:9000", "minio=[::1]"]);
        Assert.True(Endpoint.TryParse(from, out var endpoint));

        Assert.Equal(new Endpoint(host, port), map.Resolve(endpoint));
    }

    [Fact]
    public void An_address_keeps_its_scheme_and_path_when_it_is_mapped()
    {
        var map = EndpointMap.Parse(["s3.local:443=[::1]:8443"]);

        Assert.Equal("https://[::1]:8443/p", map.Resolve(new Uri("https://s3.local/p")).AbsoluteUri);
        Assert.Equal("http://other/", map.Resolve(new Uri("http://other/")).AbsoluteUri);
        Assert.Equal(["s3.local:443=[::1]:8443"], map.Entries);
    }

    [Theory]
    [InlineData("postgres:5432")]
    [InlineData("a:b=c:1")]
    [InlineData("a:1=c:70000")]
    [InlineData("=c:1")]
    [InlineData("a:1=::1:2")]
    public void A_map_entry_of_another_form_is_refused_by_name(string text) =>
        Assert.Contains(text, Assert.Throws<EnteException>(() => EndpointMap.Parse([text])).Message);

    [Fact]
    public void Secrets_are_decoded_and_measured()
    {
        var url = Convert.ToBase64String(Enumerable.Repeat((byte)0xfb, 32).ToArray()).Replace('+', '-').Replace('/', '_');
        using var secrets = MuseumSecrets.From(
            Read(
                $"key: {{ encryption: {Convert.ToBase64String(new byte[32])}, hash: {Convert.ToBase64String(new byte[32])} }}\njwt: {{ secret: {url} }}"));

        Assert.Equal(new byte[32], secrets.EncryptionKey!.Bytes);
        Assert.Equal(0xfb, secrets.JwtSecret[31]);
        Assert.Equal(["key.hash"], secrets.Unusable);
        Assert.Empty(secrets.PublicDefaults);
    }

    [Fact]
    public void An_instance_without_secrets_of_its_own_runs_on_public_ones_that_are_kept()
    {
        using var secrets = MuseumSecrets.From(Read("db: { host: x }"));

        Assert.Equal(["key.encryption", "key.hash", "jwt.secret"], secrets.PublicDefaults);
        Assert.Empty(secrets.Unusable);
        Assert.Contains("key:\n  encryption: \"yvmG/Rnz", Read("").ToYaml());
    }
}

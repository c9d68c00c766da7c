using Nestegg.Ente.Configuration;
using Nestegg.Restore;

namespace Nestegg.Tests.Restore;

public sealed class ProductionCredentialsTests
{
    private const string Production =
        "db: {host: postgres, name: ente_db, user: pguser, password: old}\ns3: {b2-eu-cen: {bucket: b, endpoint: e, key: k, secret: s}}\n";

    [Theory]
    [InlineData("db: {host: postgres, name: ente_db, user: other, password: old}\n", "the database ente_db")]
    [InlineData("db: {host: postgres, name: copy, user: pguser, password: old}\n", "the database role pguser")]
    [InlineData("db: {host: new}\ns3: {b2-eu-cen: {bucket: b, endpoint: e, key: k, secret: s}}\n", "the bucket b in b2-eu-cen")]
    [InlineData(
        "db: {host: new}\ns3: {b2-eu-cen: {bucket: x, endpoint: e, key: k, secret: s}}\n", "the access key of the object store in b2-eu-cen")]
    [InlineData(
        "db: {host: new}\ns3: {scw-eu-fr-v3: {bucket: x, endpoint: 'https://E/', key: k, secret: s}}\n",
        "the access key of the object store in scw-eu-fr-v3")]
    public void What_a_copy_can_reach_with_production_s_credentials_is_named_whatever_it_is_called(string museumYaml, string shared) =>
        Assert.Equal(shared, ProductionCredentials.SharedBy(Read(museumYaml), Read(Production)));

    [Theory]
    [InlineData("db: {host: postgres, name: ente_db, user: pguser, password: other}\n")]
    [InlineData("db: {host: postgres-of-the-copy, name: ente_db, user: pguser, password: old}\n")]
    [InlineData("db: {host: new}\ns3: {b2-eu-cen: {bucket: b, endpoint: e, key: k, secret: another}}\n")]
    public void Names_that_every_quickstart_has_are_nobody_s(string museumYaml) =>
        Assert.Null(ProductionCredentials.SharedBy(Read(museumYaml), Read(Production)));

    private static MuseumConfiguration Read(string text) => MuseumConfiguration.Create([("museum.yaml", text)], []);
}

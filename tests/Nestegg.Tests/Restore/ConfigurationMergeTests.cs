using Nestegg.Ente.Configuration;
using Nestegg.Restore;

namespace Nestegg.Tests.Restore;

public sealed class ConfigurationMergeTests
{
    private const string New =
        """
        # made by the quickstart
        db:
              host: postgres   # the new one
              name: ente_db
              password: new-password
        s3:
              are_local_buckets: true
              b2-eu-cen:
                 key: new-key
                 secret: new-secret
                 endpoint: localhost:3200
                 bucket: b2-eu-cen
        apps:
            # public links
            public-albums: http://localhost:3002
            cast: https://cast.new.example
        key:
              encryption: bmV3
              hash: bmV3ZXI=
        jwt:
              secret: bmV3ZXN0
        """;

    private const string Old =
        """
        db: {host: old-postgres, name: old_db, user: old, password: old-password}
        s3:
          b2-eu-cen: {key: old-key, secret: old-secret, endpoint: s3.old.example, bucket: old-bucket}
          wasabi-eu-central-2-v3: {bucket: second}
        apps: {public-albums: "https://albums.old.example", cast: "https://cast.old.example"}
        key: {encryption: "b2xk", hash: "b2xkZXI="}
        jwt: {secret: "b2xkZXN0"}
        smtp: {host: mail.old.example, port: 587, password: "p#w: 1"}
        webauthn: {rpid: accounts.old.example, rporigins: ["https://accounts.old.example"]}
        internal: {admins: [1580559962386438, 7], health-check-url: "https://hc.old.example"}
        http: {port: 9090}
        replication: {enabled: true}
        """;

    [Fact]
    public void The_old_secrets_and_settings_go_in_and_the_new_endpoints_stay()
    {
        var merge = Merge(New);
        var merged = Read(merge.Text);
        Assert.Equal("b2xk", merged["key.encryption"]);
        Assert.Equal("b2xkZXI=", merged["key.hash"]);
        Assert.Equal("b2xkZXN0", merged["jwt.secret"]);
        Assert.Equal("mail.old.example", merged["smtp.host"]);
        Assert.Equal("587", merged["smtp.port"]);
        Assert.Equal("p#w: 1", merged["smtp.password"]);
        Assert.Equal("accounts.old.example", merged["webauthn.rpid"]);
        Assert.Equal("https://accounts.old.example", merged["webauthn.rporigins"]);
        Assert.Equal("1580559962386438,7", merged["internal.admins"]);
        Assert.Equal("postgres", merged["db.host"]);
        Assert.Equal("new-password", merged["db.password"]);
        Assert.Equal("new-secret", merged["s3.b2-eu-cen.secret"]);
        Assert.False(merged.ContainsKey("db.user"));
        Assert.False(merged.ContainsKey("s3.wasabi-eu-central-2-v3.bucket"));
        Assert.False(merged.ContainsKey("http.port"));
        Assert.False(merged.ContainsKey("replication.enabled"));
    }

    [Fact]
    public void Comments_and_layout_stay()
    {
        var merged = Merge(New).Text;
        Assert.Contains("# made by the quickstart\ndb:\n      host: postgres   # the new one\n", merged);
        Assert.Contains("    # public links\n    public-albums: \"https://albums.old.example\"\n", merged);
        Assert.Contains("      encryption: \"b2xk\"\n", merged);
    }

    [Fact]
    public void Addresses_that_somebody_chose_for_the_new_instance_stay()
    {
        var merge = Merge(New);
        Assert.Equal("https://cast.new.example", Read(merge.Text)["apps.cast"]);
        Assert.DoesNotContain(merge.Changes, change => change.Key == "apps.cast");
    }

    [Fact]
    public void A_second_time_changes_nothing()
    {
        var once = Merge(New).Text;
        var twice = Merge(once);
        Assert.Empty(twice.Changes);
        Assert.Equal(once, twice.Text);
    }

    [Fact]
    public void Every_change_says_why_and_none_says_the_value()
    {
        foreach (var change in Merge(New).Changes)
        {
            Assert.NotEmpty(change.Reason);
            Assert.DoesNotContain("b2xk", change.ToString());
        }
    }

    [Fact]
    public void Beside_production_everything_that_reaches_out_is_switched_off()
    {
        var merge = Merge(New + "\nsmtp: {host: mail.new.example}\n", isBesideProduction: true);
        var merged = Read(merge.Text);
        Assert.Equal("b2xk", merged["key.encryption"]);
        Assert.Equal("true", merged["jobs.cron.skip"]);
        Assert.Equal("false", merged["replication.enabled"]);
        Assert.Equal("true", merged["internal.silent"]);
        Assert.Equal("true", merged["internal.disable-registration"]);
        Assert.Equal("", merged["smtp.host"]);
        Assert.False(merged.ContainsKey("smtp.password"));
        Assert.False(merged.ContainsKey("internal.health-check-url"));
        Assert.Equal("http://localhost:3002", merged["apps.public-albums"]);
    }

    [Fact]
    public void A_variable_that_would_override_a_secret_is_found()
    {
        var variable = new EnvironmentVariable("ENTE_KEY_ENCRYPTION", "bmV3", "compose.yaml");
        var finding = Assert.Single(Merge(New, variables: variable).Findings);
        Assert.Equal("secret-overridden", finding.Code);
        Assert.Equal(Severity.Error, finding.Severity);
        Assert.Contains("ENTE_KEY_ENCRYPTION in compose.yaml", finding.Message);
        Assert.DoesNotContain("bmV3", finding.Message + finding.Hint);
    }

    [Fact]
    public void A_variable_with_the_same_value_is_no_finding() =>
        Assert.Empty(Merge(New, variables: new EnvironmentVariable("ENTE_KEY_ENCRYPTION", "b2xk", ".env")).Findings);

    [Fact]
    public void A_new_instance_without_museum_yaml_gets_one()
    {
        var merged = Read(Merge("").Text);
        Assert.Equal("b2xk", merged["key.encryption"]);
        Assert.False(merged.ContainsKey("db.password"));
    }

    [Fact]
    public void An_alias_that_would_change_two_settings_is_refused()
    {
        const string shared = "key: &k {encryption: a, hash: a}\nmine: *k\n";
        var error = Assert.Throws<Nestegg.Ente.EnteException>(() => Merge(shared));
        Assert.Contains("museum.yaml", error.Message);
    }

    private static ConfigurationMerge Merge(string museumYaml, bool isBesideProduction = false, params EnvironmentVariable[] variables) =>
        ConfigurationMerge.Of(
            museumYaml, MuseumConfiguration.Create([("museum.yaml", museumYaml)], variables),
            MuseumConfiguration.Create([("effective.yaml", Old)], []), isBesideProduction);

    private static Dictionary<string, string> Read(string text) =>
        YamlSettings.Flatten(YamlSettings.ReadRoot(text, "test")!, "test").ToDictionary(setting => setting.Key, setting => setting.Text);
}

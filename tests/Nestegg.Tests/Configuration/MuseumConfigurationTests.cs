using Nestegg.Ente;
using Nestegg.Ente.Configuration;

namespace Nestegg.Tests.Configuration;

public class MuseumConfigurationTests
{
    private static MuseumConfiguration Read(string museumYaml, string credentials = "", params (string Name, string Value)[] variables) =>
        MuseumConfiguration.Create(
            [("credentials.yaml", credentials), ("museum.yaml", museumYaml)],
            variables.Select(variable => new EnvironmentVariable(variable.Name, variable.Value, "compose.yaml")));

    [Fact]
    public void Each_layer_wins_over_the_one_before()
    {
        var configuration = Read("db: { user: b, password: b }", "db: { host: a, user: a, password: a }", ("ENTE_DB_PASSWORD", "c"));

        Assert.Equal(["5432", "a", "b", "c"], new[] { "db.port", "db.host", "db.user", "db.password" }.Select(configuration.Text));
        Assert.Equal("db.host (credentials.yaml line 1)", configuration.Describe("db.host"));
        Assert.Equal("db.password (ENTE_DB_PASSWORD in compose.yaml)", configuration.Describe("db.password"));
        Assert.Equal("db.port (museum's public default)", configuration.Describe("db.port"));
        Assert.Equal("smtp.host (not set)", configuration.Describe("smtp.host"));
    }

    [Fact]
    public void The_line_of_a_setting_is_that_of_its_file() =>
        Assert.Equal("museum.yaml line 4", Read("# first\ndb:\n  host: x\n  password: y\n").Find("db.password")!.Origin.ToString());

    [Fact]
    public void An_empty_string_hides_what_is_beneath_it_and_a_null_does_not()
    {
        var credentials = "smtp: { host: mail, port: 25 }";
        var configuration = Read("smtp: { host: '', port: }", credentials);

        Assert.Null(configuration.Find("smtp.host"));
        Assert.Equal("25", configuration.Text("smtp.port"));
    }

    [Fact]
    public void An_empty_variable_is_no_variable() =>
        Assert.Equal("file", Read("db: { user: file }", "", ("ENTE_DB_USER", "")).Text("db.user"));

    [Fact]
    public void Hyphens_and_dots_become_underscores_in_a_variable()
    {
        var configuration = Read("", "", ("ENTE_S3_B2_EU_CEN_ENDPOINT", "minio:3200"));

        Assert.Equal("minio:3200", configuration.Text("s3.b2-eu-cen.endpoint"));
        Assert.Contains(configuration.Settings(), setting => setting.Key == "s3.b2-eu-cen.endpoint");
    }

    [Fact]
    public void Keys_differ_in_more_than_case() => Assert.Equal("b5", Read("s3: { Derived-Storage: b5 }").Text("s3.derived-storage"));

    [Theory]
    [InlineData("true", true)]
    [InlineData("'1'", true)]
    [InlineData("yes", false)]
    [InlineData("false", false)]
    public void Flags_are_read_as_go_reads_them(string text, bool expected) =>
        Assert.Equal(expected, Read($"s3: {{ are_local_buckets: {text} }}").Flag("s3.are_local_buckets"));

    [Fact]
    public void Production_brings_no_secrets()
    {
        Assert.NotNull(Read("").Find("key.encryption"));
        Assert.Null(Read("", "", ("ENVIRONMENT", "production")).Find("key.encryption"));
    }

    [Fact]
    public void The_effective_file_gives_the_same_values_again()
    {
        var configuration = Read(
            "s3: { file-data-config: { mldata: { primaryBucket: b5 } }, b2-eu-cen: { secret: \"a: b # \\\"c\\\" \\\\\" } }\ninternal: { "
            + "admins: [1, 2] }\nreplication: { enabled: true }",
            "db: { password: '007' }",
            ("ENTE_DB_USER", "x"));

        var again = Read(configuration.ToYaml());

        Assert.Equal(
            configuration.Settings().Select(setting => (setting.Key, setting.Text)),
            again.Settings().Select(setting => (setting.Key, setting.Text)));
        Assert.Contains("# ENTE_DB_USER in compose.yaml", configuration.ToYaml());
    }

    [Fact]
    public void The_variables_are_captured_so_that_they_can_be_read_back()
    {
        var configuration = Read("", "", ("ENTE_DB_USER", "x y'z$\"\n\\"), ("HOME", "/root"), ("ENTE_UNKNOWN", "$1"));

        var entries = DotEnv.Read(configuration.ToEnvironmentFile(), _ => "wrong");

        Assert.Equal([("ENTE_DB_USER", "x y'z$\"\n\\"), ("ENTE_UNKNOWN", "$1")], entries);
    }

    [Theory]
    [InlineData("db:\n  host: x\n user: y\n", "museum.yaml is not valid YAML: line ")]
    [InlineData("db:\n\thost: x\n", "museum.yaml is not valid YAML: line ")]
    [InlineData("db:\n  host: [a\nb: c\n", "museum.yaml is not valid YAML: a bracket")]
    public void Broken_yaml_is_refused_by_name(string yaml, string message) =>
        Assert.StartsWith(message, Assert.Throws<EnteException>(() => Read(yaml)).Message);

    [Fact]
    public void A_file_that_is_no_mapping_is_refused() =>
        Assert.Contains("museum.yaml holds no settings", Assert.Throws<EnteException>(() => Read("- a")).Message);

    [Fact]
    public void Anchors_and_merges_are_followed() =>
        Assert.Equal("r", Read("x: &x { region: r }\ns3: { b5: { <<: *x, bucket: b } }").Text("s3.b5.region"));
}

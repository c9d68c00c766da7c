using Nestegg.Ente;
using Nestegg.Ente.Configuration;
using Nestegg.Instance;
using Nestegg.Instance.Preflights;
using Nestegg.Settings;
using Nestegg.TestKit;

namespace Nestegg.Tests.Instance;

public sealed class PreflightConfigurationTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("key.hash: 'AAAA'", "Error secret-unusable key.hash")]
    [InlineData("key.encryption: 'not base64'", "Error secret-unusable key.encryption")]
    [InlineData("jwt.secret: 'AA=='", "Warning secret-unusable jwt.secret")]
    [InlineData("jwt.secret: 'a+/8bN7s6uS9krHoGTPFoboHvZl9Uo26hINjyeK8Jnw='", "Warning secret-unusable jwt.secret")]
    public async Task A_secret_that_museum_cannot_use_is_named(string setting, string expected)
    {
        var (key, value) = (setting.Split(':')[0], setting.Split(": ")[1]);
        File.WriteAllText(folder["museum.yaml"], $"{key.Split('.')[0]}: {{ {key.Split('.')[1]}: {value} }}");

        Assert.Equal([expected], (await LookAsync()).Where(line => line.Contains("unusable")));
    }

    [Fact]
    public async Task An_instance_without_museum_yaml_is_said_to_have_none()
    {
        File.WriteAllText(folder[".env"], "ENTE_DB_USER=museum\n");

        Assert.Equal(
            [
                "Note museum-yaml-missing museum.yaml", "Ok settings-origin .env",
                "Warning secret-public-default key.encryption", "Warning secret-public-default key.hash",
                "Warning secret-public-default jwt.secret",
            ],
            await LookAsync());
    }

    [Theory]
    [InlineData("13.4", "database-too-old")]
    [InlineData("14.0", "database-ok")]
    public void A_server_that_is_too_old_for_museum_is_found(string version, string code) =>
        Assert.Equal(code, PreflightDatabase.Server(Version.Parse(version), "db").Code);

    [Fact]
    public async Task A_folder_without_any_configuration_is_refused()
    {
        var error = await Assert.ThrowsAsync<EnteException>(LookAsync);

        Assert.StartsWith("No configuration of museum was found", error.Message);
    }

    [Fact]
    public async Task Each_place_that_settings_come_from_is_said()
    {
        File.WriteAllText(folder["museum.yaml"], "db:\n  user: a\n  name: b\n");
        await using var instance = EnteInstance.Open(new NesteggConfiguration { Instance = new InstanceLocation(folder.Path) });

        var origin = PreflightConfiguration.Look(instance).Single(finding => finding.Code == "settings-origin");

        Assert.Equal("db.name (line 3), db.user (line 2)", origin.Message);
    }

    [Fact]
    public async Task Settings_of_one_file_of_variables_are_one_finding()
    {
        File.WriteAllText(folder[".env"], "ENTE_DB_USER=a\nENTE_DB_NAME=b\n");
        await using var instance = EnteInstance.Open(new NesteggConfiguration { Instance = new InstanceLocation(folder.Path) });

        var origin = PreflightConfiguration.Look(instance).Single(finding => finding.Code == "settings-origin");

        Assert.Equal((".env", "db.name (ENTE_DB_NAME), db.user (ENTE_DB_USER)"), (origin.Subject, origin.Message));
    }

    [Fact]
    public async Task A_hot_slot_with_a_region_that_is_no_name_stays_in_use_and_is_warned_of()
    {
        File.WriteAllText(folder["museum.yaml"], "s3: { b2-eu-cen: { bucket: main, endpoint: 'minio:3200', region: n/a } }");

        Assert.Contains("Warning setting-unusable s3.b2-eu-cen", await LookAsync());
    }

    [Fact]
    public async Task A_region_that_cannot_be_used_is_a_finding_of_its_slot()
    {
        File.WriteAllText(folder["museum.yaml"], "s3: { b5: { bucket: five, region: eu central } }");

        Assert.Contains("Warning setting-unusable s3.b5", await LookAsync());
    }

    private async Task<string[]> LookAsync()
    {
        await using var instance = EnteInstance.Open(new NesteggConfiguration { Instance = new InstanceLocation(folder.Path) });
        return [.. PreflightConfiguration.Look(instance).Select(finding => $"{finding.Severity} {finding.Code} {finding.Subject}")];
    }
}

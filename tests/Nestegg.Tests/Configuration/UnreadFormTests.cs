using Nestegg.Ente;
using Nestegg.Ente.Configuration;
using Nestegg.TestKit;

namespace Nestegg.Tests.Configuration;

/// <summary>Folders of people who run museum without compose: understood, or one error that says what to name.</summary>
public sealed class UnreadFormTests : IDisposable
{
    private const string Settings = "key: { encryption: b2xk, hash: b2xk }\ndb: { password: right }\n";

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("configmap.yaml", "apiVersion: v1\nkind: ConfigMap\ndata: { museum.yaml: 'db: {}' }\n", "a manifest of Kubernetes")]
    [InlineData("secret.json", "{\"apiVersion\": \"v1\", \"kind\": \"Secret\", \"data\": {\"ENTE_X\": \"\"}}", "a manifest of Kubernetes")]
    [InlineData("values.yaml", "museum: { config: { db: { host: x } } }\n", "values of a Helm chart")]
    [InlineData("my-museum.xml", "<Container><Config Target=\"ENTE_DB_HOST\">x</Config></Container>", "a template of Unraid")]
    [InlineData("museum.nix", "services.ente.api.settings.db.host = \"x\"; # museum\n", "a NixOS module")]
    [InlineData("museum.service", "[Service]\nEnvironment=ENTE_DB_HOST=x\n", "a unit of systemd")]
    public void A_form_that_is_not_read_is_one_error_with_what_to_name(string name, string text, string kind)
    {
        File.WriteAllText(folder[name], text);
        File.WriteAllText(folder["notes.yaml"], "groceries: [eggs]\n");

        var error = Assert.Throws<EnteException>(() => InstanceFolder.Read(folder.Path).RequireConfiguration());

        Assert.Contains(folder["museum.yaml"], error.Message, StringComparison.Ordinal);
        Assert.Contains($" {name}: {kind} that speaks of museum", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("notes.yaml", error.Message, StringComparison.Ordinal);
        Assert.Contains("--museum-yaml", error.Hint, StringComparison.Ordinal);
        Assert.Contains("--env-file", error.Hint, StringComparison.Ordinal);
    }

    [Fact]
    public void What_they_come_to_can_be_named()
    {
        File.WriteAllText(folder["deployment.yaml"], "apiVersion: apps/v1\nkind: Deployment\n# museum\n");
        File.WriteAllText(folder["seen.yaml"], Settings);
        File.WriteAllText(folder["container.env"], "ENTE_DB_PASSWORD=stronger\n");

        var instance = InstanceFolder.Read(
            new InstanceLocation(folder.Path) { MuseumYaml = "seen.yaml", EnvironmentFiles = ["container.env"] });

        instance.RequireConfiguration();
        Assert.Equal("stronger", instance.Configuration.Text("db.password"));
        Assert.Equal(
            ["container.env", "seen.yaml"],
            instance.ListFiles(TestContext.Current.CancellationToken).Files.Select(file => file.RelativePath));
    }

    [Fact]
    public void A_stack_of_Portainer_is_read_with_its_own_file_of_variables()
    {
        File.WriteAllText(folder["stack.env"], "DB_PASSWORD=right\n");
        File.WriteAllText(
            folder["docker-compose.yml"],
            "services: { museum: { image: 'ghcr.io/ente-io/server', environment: ['ENTE_DB_PASSWORD=${DB_PASSWORD}', ENTE_KEY_HASH=b2xk] } }\n");

        var instance = InstanceFolder.Read(folder.Path);

        instance.RequireConfiguration();
        Assert.Equal("right", instance.Configuration.Text("db.password"));
        Assert.Equal(
            ["docker-compose.yml", "stack.env"],
            instance.ListFiles(TestContext.Current.CancellationToken).Files.Select(file => file.RelativePath));
    }
}

namespace Nestegg.Ente.Configuration;

/// <summary>
/// The defaults of museum's own <c>local.yaml</c> that matter to a backup. Its secrets are public: every instance that sets none of its own
/// runs on them, and then they are the real keys of that instance. They are kept here because such an instance's configuration
/// names them nowhere, a later museum may ship others, and without <c>key.encryption</c> and <c>key.hash</c> nobody can sign in again.
/// </summary>
internal static class MuseumDefaults
{
    internal const string Source = "museum's public default";

    private static readonly Dictionary<string, string> Always = new(StringComparer.OrdinalIgnoreCase)
    {
        ["webauthn.rpid"] = "localhost",
    };

    private static readonly Dictionary<string, string> Local = new(Always, StringComparer.OrdinalIgnoreCase)
    {
        ["db.host"] = "localhost",
        ["db.port"] = "5432",
        ["db.name"] = "ente_db",
        ["db.sslmode"] = "disable",
        ["s3.wasabi-eu-central-2-v3.compliance"] = "true",
        ["key.encryption"] = "yvmG/RnzKrbCb9L3mgsmoxXr9H7i2Z4qlbT0mL3ln4w=",
        ["key.hash"] = "KXYiG07wC7GIgvCSdg+WmyWdXDAn6XKYJtp/wkEU7x573+byBRAYtpTP0wwvi8i/4l37uicX1dVTUzwH3sLZyw==",
        ["jwt.secret"] = "i2DecQmfGreG6q1vBj5tCokhlN41gcfS2cjOs9Po-u8=",
    };

    /// <summary>Whether a secret is the one that every museum ships with.</summary>
    public static bool IsPublic(string key, string value) =>
        key is "key.encryption" or "key.hash" or "jwt.secret" && Local[key] == value.Trim();

    /// <summary>Whether an image's own defaults set for database, buckets and secrets what these do, and no more.</summary>
    internal static bool AreThose(string environment, string source, string text)
    {
        EnvironmentVariable[] variables = [new("ENVIRONMENT", environment, source)];
        return Deciding(MuseumConfiguration.Create([], variables, (source, text)))
            .SetEquals(Deciding(MuseumConfiguration.Create([], variables)));
    }

    private static HashSet<(string, string)> Deciding(MuseumConfiguration configuration) =>
    [
        .. configuration.Settings().Where(setting => setting.Key.Split('.')[0] is "db" or "s3" or "key" or "jwt")
            .Select(setting => (setting.Key, setting.Text)),
    ];

    /// <summary>What museum starts from. Only its local environment (the one that compose files use) brings secrets.</summary>
    internal static IEnumerable<Setting> For(string environment)
    {
        var defaults = environment is "" or "local" ? Local : Always;
        return defaults.Select(entry => new Setting(entry.Key, [entry.Value], isList: false, new SettingOrigin(Source)));
    }
}

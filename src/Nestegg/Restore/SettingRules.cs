namespace Nestegg.Restore;

/// <summary>Which of two values of a setting stands after a restore.</summary>
internal enum SettingRule
{
    /// <summary>The snapshot's: it belongs to the data.</summary>
    Old,

    /// <summary>The new instance's: it says where this instance's own services and files are.</summary>
    New,

    /// <summary>The new instance's, unless that is the quickstart's <c>localhost</c> or nothing.</summary>
    NewIfDeliberate,

    /// <summary>Neither: it would reach out of a copy that runs beside production.</summary>
    Empty,
}

/// <summary>A setting that makes a copy harmless, and why.</summary>
internal sealed record SafeSwitch(string Key, string Value, string Reason);

/// <summary>Decides for every setting of museum whose value a restored instance gets.</summary>
internal static class SettingRules
{
    /// <summary>The secrets that belong to the database.</summary>
    public static IReadOnlyList<string> Secrets { get; } = ["key.encryption", "key.hash", "jwt.secret"];

    /// <summary>What a copy that runs beside production gets on top.</summary>
    public static IReadOnlyList<SafeSwitch> SafeSwitches { get; } =
    [
        new("jobs.cron.skip", "true", "museum's jobs delete, purge and send mail as soon as it starts; this stops all of them"),
        new("replication.enabled", "false", "replication writes to buckets and empties its temporary folder when museum starts"),
        new("smtp.host", "", "without a host no mail leaves; internal.silent does not stop mail"),
        new("internal.silent", "true", "no messages to Discord and no pushes to phones"),
        new("internal.health-check-url", "", "the monitor of production must not be told that this copy is well"),
        new("internal.disable-registration", "true", "nobody opens an account on the copy by mistake"),
    ];

    private static readonly string[] ThisInstance =
        ["db.", "s3.", "http.", "replication.", "credentials-file", "credentials-dir", "billing-config-dir", "log-file"];

    private static readonly string[] Outward =
        ["smtp.", "transmail.", "discord.", "zoho.", "listmonk.", "stripe.", "apple.", "internal.health-check-url"];

    public static (SettingRule Rule, string Reason) For(string key, bool isBesideProduction)
    {
        if (Secrets.Contains(key, StringComparer.OrdinalIgnoreCase))
        {
            return (SettingRule.Old, key == "jwt.secret"
                ? "links and confirmations that were handed out stay valid"
                : "the database cannot be read with another one");
        }

        if (StartsWithAny(key, ThisInstance))
        {
            return (SettingRule.New, "it says where this instance's own services and files are");
        }

        if (isBesideProduction && StartsWithAny(key, Outward))
        {
            return (SettingRule.Empty, "it reaches out of the copy");
        }

        if (key.StartsWith("apps.", StringComparison.OrdinalIgnoreCase))
        {
            return isBesideProduction
                ? (SettingRule.New, "links of the copy must not lead to production")
                : (SettingRule.NewIfDeliberate, "links that people were given name these addresses");
        }

        return (SettingRule.Old, key.StartsWith("webauthn.", StringComparison.OrdinalIgnoreCase)
            ? "passkeys are bound to it"
            : "as it was");
    }

    private static bool StartsWithAny(string key, string[] prefixes) =>
        prefixes.Any(prefix => key.StartsWith(prefix, StringComparison.OrdinalIgnoreCase));
}

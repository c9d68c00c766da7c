using System.Collections.Frozen;

namespace Nestegg.Ente.Configuration;

/// <summary>
/// The settings that museum reads, by name: an <c>ENTE_…</c> variable cannot be turned back into its key without them,
/// because both <c>.</c> and <c>-</c> become <c>_</c>.
/// </summary>
internal static class MuseumKeys
{
    /// <summary>The slots that museum has settings for, in its own order.</summary>
    public static IReadOnlyList<string> SlotNames { get; } =
    [
        "b2-eu-cen", "scw-eu-fr-locked", "wasabi-eu-central-2", "wasabi-eu-central-2-v3",
        "scw-eu-fr-v3", "wasabi-eu-central-2-derived", "b5", "b6",
    ];

    /// <summary>Every scalar setting that museum asks for by name.</summary>
    public static IReadOnlyList<string> All { get; } = [.. Scalars(), .. SlotNames.SelectMany(SlotKeys)];

    private static readonly FrozenDictionary<string, string> ByVariable =
        All.SelectMany(key => new[] { (Name: VariableName(key), Key: key), (Name: HyphenatedVariableName(key), Key: key) })
            .Distinct()
            .ToFrozenDictionary(entry => entry.Name, entry => entry.Key, StringComparer.Ordinal);

    /// <summary>The variable that overrides a setting: <c>ENTE_S3_B2_EU_CEN_ENDPOINT</c> for <c>s3.b2-eu-cen.endpoint</c>.</summary>
    public static string VariableName(string key) => "ENTE_" + key.ToUpperInvariant().Replace('.', '_').Replace('-', '_');

    /// <summary>The same before Ente's pull request 5529, when hyphens were let stand: <c>ENTE_S3_B2-EU-CEN_ENDPOINT</c>.</summary>
    internal static string HyphenatedVariableName(string key) => "ENTE_" + key.ToUpperInvariant().Replace('.', '_');

    /// <summary>The setting that a variable overrides; <see langword="null"/> when museum has none of that name.</summary>
    public static string? KeyOf(string variableName) => ByVariable.GetValueOrDefault(variableName);

    private static string[] SlotKeys(string slot) =>
    [
        $"s3.{slot}.key", $"s3.{slot}.secret", $"s3.{slot}.endpoint", $"s3.{slot}.region", $"s3.{slot}.bucket",
        $"s3.{slot}.use_path_style_urls", $"s3.{slot}.disable_ssl", $"s3.{slot}.compliance",
    ];

    private static string[] Scalars() =>
    [
        "credentials-file", "credentials-dir", "billing-config-dir", "log-file", "http.use-tls", "http.port",
        "db.host", "db.port", "db.name", "db.user", "db.password", "db.sslmode", "db.extra",
        "s3.are_local_buckets", "s3.use_path_style_urls", "s3.hot_storage.primary", "s3.hot_storage.secondary", "s3.derived-storage",
        "key.encryption", "key.hash", "jwt.secret",
        "smtp.host", "smtp.port", "smtp.username", "smtp.password", "smtp.email", "smtp.sender-name", "smtp.encryption", "transmail.key",
        "apps.public-albums", "apps.embed-albums", "apps.public-locker", "apps.public-paste", "apps.public-memories", "apps.cast",
        "apps.accounts", "apps.accounts-legacy", "apps.family", "apps.legacy", "apps.custom-domain.cname",
        "webauthn.rpid", "webauthn.rporigins", "webauthn.legacy-rpid", "webauthn.legacy-rporigins",
        "internal.silent",
        "internal.trusted-client-ip-header", "internal.health-check-url", "internal.admin", "internal.disable-registration",
        "internal.hardcoded-ott.emails", "internal.hardcoded-ott.local-domain-suffix", "internal.hardcoded-ott.local-domain-value",
        "replication.enabled", "replication.worker-url", "replication.worker-count", "replication.tmp-storage",
        "replication.file-data.worker-count", "replication.file-data.tmp-storage",
        "replication.contact-attachments.worker-count", "replication.contact-attachments.tmp-storage",
        "jobs.cron.skip", "jobs.remove-unreported-objects.worker-count",
        "apple.shared-secret", "stripe.us.key", "stripe.us.webhook-secret", "stripe.in.key", "stripe.in.webhook-secret",
        "stripe.path.success", "stripe.path.cancel",
        "discord.bot.cha-ching.token", "discord.bot.cha-ching.channel", "discord.bot.mona-lisa.token", "discord.bot.mona-lisa.channel",
        "zoho.client-id", "zoho.client-secret", "zoho.refresh-token", "zoho.list-key", "zoho.topic-ids", "zoho.access_token",
        "listmonk.server-url", "listmonk.username", "listmonk.password", "listmonk.list-ids",
    ];
}

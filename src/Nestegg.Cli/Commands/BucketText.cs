using System.Globalization;
using Nestegg.Ente;
using Nestegg.Repositories.Manifests;
using Nestegg.Stores.S3;

namespace Nestegg.Cli.Commands;

/// <summary>How a bucket was set up, a line for each setting.</summary>
internal static class BucketText
{
    public static IEnumerable<(string Slot, string Bucket, string Setting, string Text)> Of(ManifestBucket bucket)
    {
        var settings = bucket.Settings;
        return new (string Setting, string Text)[]
        {
            ("CORS", Say(settings.Cors, rules => string.Join("; ", rules.Select(rule =>
                $"{string.Join(" ", rule.Origins)} may {string.Join(" ", rule.Methods)}")))),
            ("versioning", Say(settings.Versioning, status => status)),
            ("lifecycle", Say(settings.Lifecycle, rules => string.Join("; ", rules.Select(Say)))),
            ("object lock", Say(settings.ObjectLock, Say)),
            ("public access", Say(settings.PublicAccess, access =>
                string.Join(", ", access.Grants.Concat(access.IsPolicyPublic ? ["by a policy"] : [])))),
        }.Select(row => (bucket.Slot, bucket.Bucket, row.Setting, row.Text));
    }

    private static string Say<T>(BucketSetting<T> setting, Func<T, string> say) where T : class => setting.Answer switch
    {
        SettingAnswer.Set => say(setting.Value!),
        SettingAnswer.Absent => "not set",
        SettingAnswer.NotAllowed => $"the access key may not ask ({setting.Why})",
        SettingAnswer.NotImplemented => $"the store does not know it ({setting.Why})",
        _ => $"unknown: {setting.Why}",
    };

    private static string Say(LifecycleRule rule)
    {
        var objects = rule.Prefix.Length > 0 ? $"objects below {rule.Prefix}" : "objects";
        string?[] parts =
        [
            rule.ExpirationDays is { } days ? string.Create(CultureInfo.InvariantCulture, $"{objects} go after {days} d") : null,
            rule.ExpirationDate is { } date ? $"{objects} go on {date:yyyy-MM-dd}" : null,
            rule.NoncurrentDays is { } old ? string.Create(CultureInfo.InvariantCulture, $"old versions go after {old} d") : null,
            rule.AbortUploadDays is { } abort ? string.Create(CultureInfo.InvariantCulture, $"uploads end after {abort} d") : null,
            rule.Transitions.Count > 0 ? $"{objects} move to {string.Join(", ", rule.Transitions)}" : null,
        ];
        return (rule.IsEnabled ? "" : "(off) ") + string.Join(", ", parts.OfType<string>());
    }

    private static string Say(BucketLock rule) => rule.Mode is null
        ? "on"
        : $"{rule.Mode}, {(rule.Days is { } days ? Counted.Of(days, "day") : Counted.Of(rule.Years ?? 0, "year"))}";
}

using Nestegg.Repositories.Files;
using Nestegg.Retention;

namespace Nestegg.Settings;

/// <summary>Reads the section <c>retention</c> of nestegg.yaml.</summary>
internal static class RetentionReader
{
    private const string TimeZone = "time-zone";
    private const string AcceptShrunk = "accept-shrunk";

    public static RetentionSettings Read(ConfigurationSection section)
    {
        section.AllowOnly([TimeZone, AcceptShrunk, .. KeepRule.Options.Select(option => option.Name)]);
        return new RetentionSettings
        {
            TimeZone = section.Text(TimeZone) is { } zone ? ReadZone(section, zone) : TimeZoneInfo.Utc,
            AcceptShrunk = [.. section.List(AcceptShrunk).Select(text => SnapshotId.TryParse(text, out var id)
                ? id
                : throw section.Wrong(AcceptShrunk, $"`{text}` is no snapshot's id", "nestegg snapshots lists them"))],
            Rules = [.. KeepRule.Options.Select(option => ReadRule(section, option)).OfType<KeepRule>()],
        };
    }

    private static TimeZoneInfo ReadZone(ConfigurationSection section, string name)
    {
        try
        {
            return RetentionSettings.ParseZone(name);
        }
        catch (FormatException unknown)
        {
            throw section.Wrong(
                TimeZone, unknown.Message,
                "zones are named as in Europe/Berlin; where the machine has none of them, install its package tzdata");
        }
    }

    private static KeepRule? ReadRule(ConfigurationSection section, KeepOption option)
    {
        try
        {
            return section.Text(option.Name) is { } text ? KeepRule.Parse(option, text) : null;
        }
        catch (FormatException wrong)
        {
            throw section.Wrong(option.Name, wrong.Message, "nestegg help configuration describes it");
        }
    }
}

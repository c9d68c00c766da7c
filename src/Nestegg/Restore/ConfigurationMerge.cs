using Nestegg.Ente;
using Nestegg.Ente.Configuration;

namespace Nestegg.Restore;

/// <summary>A setting that the restore writes into museum.yaml, and why. Without the value: it may be a secret.</summary>
public sealed record SettingChange(string Key, string Reason);

/// <summary>
/// The museum.yaml of a new instance with the old instance's secrets and settings put into it. Its own endpoints and
/// credentials stay; so do its comments and layout. Holds secrets, so it is no record.
/// </summary>
internal sealed class ConfigurationMerge
{
    private ConfigurationMerge(string text, IReadOnlyList<SettingChange> changes, IReadOnlyList<Finding> findings) =>
        (Text, Changes, Findings) = (text, changes, findings);

    /// <summary>What museum.yaml will be.</summary>
    public string Text { get; }

    /// <summary>What the restore puts in, in the order of the keys.</summary>
    public IReadOnlyList<SettingChange> Changes { get; }

    /// <summary>Variables of the new instance that would override what was put in.</summary>
    public IReadOnlyList<Finding> Findings { get; }

    /// <param name="museumYaml">The new instance's; empty when it has none.</param>
    /// <param name="target">What museum makes of the new instance's files now, its environment included.</param>
    /// <param name="old">What museum saw when the snapshot was taken.</param>
    /// <param name="isBesideProduction">Whether the safe switches are wanted.</param>
    public static ConfigurationMerge Of(string museumYaml, MuseumConfiguration target, MuseumConfiguration old, bool isBesideProduction)
    {
        var written = MuseumConfiguration.Create([("museum.yaml", museumYaml)], [new EnvironmentVariable("ENVIRONMENT", "none", "")]);
        var wanted = new SortedDictionary<string, (string Value, string Plain, string Reason)>(StringComparer.Ordinal);
        foreach (var setting in old.Settings())
        {
            var (rule, reason) = SettingRules.For(setting.Key, isBesideProduction);
            var own = target.Find(setting.Key);
            if (rule == SettingRule.Old || (rule == SettingRule.NewIfDeliberate && !IsDeliberate(own)))
            {
                wanted[setting.Key] = (YamlEdit.Render(setting), setting.Text, reason);
            }
        }

        if (isBesideProduction)
        {
            AddSafeSwitches(wanted, target);
        }

        var changes = new List<SettingChange>();
        var text = museumYaml;
        foreach (var (key, (value, plain, reason)) in wanted)
        {
            // The credentials file lies beneath museum.yaml, so a value that is right there and absent here is asked for in both.
            if ((written.Find(key)?.Text ?? "") == plain && (target.FindInFiles(key)?.Text ?? "") == plain)
            {
                continue;
            }

            text = YamlEdit.Set(text, key, value);
            changes.Add(new SettingChange(key, reason));
        }

        Confirm(museumYaml, text, changes.Select(
            change => change.Key), wanted.ToDictionary(entry => entry.Key, entry => entry.Value.Plain, StringComparer.OrdinalIgnoreCase));
        return new ConfigurationMerge(text, changes, [.. Overridden(target, wanted.Select(entry => (entry.Key, entry.Value.Plain)))]);
    }

    private static void AddSafeSwitches(
        SortedDictionary<string, (string Value, string Plain, string Reason)> wanted, MuseumConfiguration target)
    {
        foreach (var setting in target.Settings())
        {
            if (!setting.IsList && SettingRules.For(setting.Key, isBesideProduction: true) is { Rule: SettingRule.Empty } rule)
            {
                wanted[setting.Key] = ("\"\"", "", rule.Reason);
            }
        }

        foreach (var (key, value, reason) in SettingRules.SafeSwitches)
        {
            wanted[key] = (YamlEdit.Render(value), value, reason);
        }
    }

    // The quickstart writes localhost for every app, which nobody chose.
    private static bool IsDeliberate(Setting? setting) =>
        setting is not null
        && !setting.Text.Contains("localhost", StringComparison.OrdinalIgnoreCase)
        && !setting.Text.Contains("127.0.0.1", StringComparison.Ordinal);

    // An edit of text is only as good as what a parser makes of it afterwards: nothing else may have changed.
    private static void Confirm(string before, string after, IEnumerable<string> changed, Dictionary<string, string> wanted)
    {
        var changedKeys = changed.ToHashSet(StringComparer.OrdinalIgnoreCase);
        var was = Flat(before);
        var now = Flat(after);
        foreach (var key in was.Keys.Concat(now.Keys).Concat(changedKeys).Distinct(StringComparer.OrdinalIgnoreCase))
        {
            var expected = changedKeys.Contains(key) ? wanted[key] : was.GetValueOrDefault(key, "");
            if (now.GetValueOrDefault(key, "") != expected)
            {
                throw new EnteException(
                    $"museum.yaml of the new instance is written in a way that {key} cannot be changed in without changing more.",
                    "Write that part without anchors and aliases, or name an empty folder with --into.");
            }
        }
    }

    private static Dictionary<string, string> Flat(string text)
    {
        var flat = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var setting in YamlSettings.ReadRoot(text, "museum.yaml") is { } root ? YamlSettings.Flatten(root, "museum.yaml") : [])
        {
            flat[setting.Key] = setting.Text;
        }

        return flat;
    }

    private static IEnumerable<Finding> Overridden(MuseumConfiguration target, IEnumerable<(string Key, string Plain)> wanted)
    {
        var variables = target.Environment.ToDictionary(variable => variable.Name, StringComparer.Ordinal);
        foreach (var (key, plain) in wanted)
        {
            if (!variables.TryGetValue(MuseumKeys.VariableName(key), out var variable) || variable.Value == plain)
            {
                continue;
            }

            var isSecret = SettingRules.Secrets.Contains(key);
            yield return new Finding(
                isSecret ? "secret-overridden" : "setting-overridden",
                isSecret ? Severity.Error : Severity.Warning,
                key,
                $"{variable} overrides {key} of museum.yaml with another value than the restored database "
                + $"needs{(isSecret ? ": nobody could sign in" : "")}.",
                $"Remove {variable} before museum starts.");
        }
    }
}

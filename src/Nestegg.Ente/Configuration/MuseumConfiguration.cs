using System.Text;
using System.Text.Json;

namespace Nestegg.Ente.Configuration;

/// <summary>
/// The settings that museum runs with, in its own order of precedence: its defaults, the credentials file, <c>museum.yaml</c>, the
/// environment. An empty string means "not set", and hides what lies beneath it in the files; an empty variable is no variable. Each value
/// remembers where it came from. The memory used is that of the files.
/// </summary>
public sealed class MuseumConfiguration
{
    private readonly Dictionary<string, Setting> files = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<string, EnvironmentVariable> variables = new(StringComparer.Ordinal);

    private MuseumConfiguration()
    {
    }

    /// <summary>The variables of museum's environment that begin with <c>ENTE_</c> or choose its defaults, as they were found.</summary>
    public IReadOnlyCollection<EnvironmentVariable> Environment => variables.Values;

    /// <summary>Puts the layers together.</summary>
    /// <param name="yamlLayers">Name and text of each YAML file, the weakest first.</param>
    /// <param name="environment">Variables, the weakest first; others than <c>ENTE_…</c> and <c>ENVIRONMENT</c> are left out.</param>
    /// <param name="defaults">What stands in place of museum's <c>configurations/local.yaml</c>; its defaults then do not count.</param>
    /// <exception cref="EnteException">A file is not YAML.</exception>
    public static MuseumConfiguration Create(
        IEnumerable<(string Source, string Text)> yamlLayers, IEnumerable<EnvironmentVariable> environment,
        (string Source, string Text)? defaults = null)
    {
        var configuration = new MuseumConfiguration();
        foreach (var variable in environment)
        {
            if (variable.Value.Length > 0 && Counts(variable.Name))
            {
                configuration.variables[variable.Name] = variable;
            }
        }

        var name = configuration.variables.TryGetValue("ENVIRONMENT", out var chosen) ? chosen.Value : "";
        foreach (var setting in MuseumDefaults.For(defaults is null ? name : "replaced"))
        {
            configuration.files[setting.Key] = setting;
        }

        foreach (var (source, text) in defaults is { } own ? yamlLayers.Prepend(own) : yamlLayers)
        {
            if (YamlSettings.ReadRoot(text, source) is not { } root)
            {
                continue;
            }

            foreach (var setting in YamlSettings.Flatten(root, source))
            {
                configuration.files[setting.Key] = setting;
            }
        }

        return configuration;
    }

    /// <summary>Whether museum looks at a variable of this name.</summary>
    internal static bool Counts(string variableName) =>
        variableName == "ENVIRONMENT" || variableName.StartsWith("ENTE_", StringComparison.Ordinal);

    /// <summary>The setting as museum sees it; <see langword="null"/> when it is not set or empty.</summary>
    public Setting? Find(string key)
    {
        // museum of before 2025 keeps the hyphens of a key in its variable's name.
        if (variables.TryGetValue(MuseumKeys.VariableName(key), out var variable)
            || variables.TryGetValue(MuseumKeys.HyphenatedVariableName(key), out variable))
        {
            return new Setting(key, [variable.Value], isList: false, new SettingOrigin(variable.ToString()));
        }

        return FindInFiles(key);
    }

    /// <summary>
    /// The setting without the environment: museum reads a few of its settings past the overrides (facts of <c>s3.file-data-config</c>).
    /// </summary>
    public Setting? FindInFiles(string key) =>
        files.TryGetValue(key, out var setting) && setting.Values.Any(value => value.Length > 0) ? setting : null;

    /// <summary>The text of a setting; empty when it is not set.</summary>
    public string Text(string key) => Find(key)?.Text ?? "";

    /// <summary>A setting as Go's <c>ParseBool</c> reads it: what is neither true nor false is false.</summary>
    public bool Flag(string key) => Find(key)?.Text is "1" or "t" or "T" or "true" or "TRUE" or "True";

    /// <summary>The items of a list, or the one text as a list of one; empty when it is not set.</summary>
    public IReadOnlyList<string> List(string key) => Find(key)?.Values ?? [];

    /// <summary>How to name a setting in a message: <c>db.password (museum.yaml line 6)</c>, <c>db.password (not set)</c>.</summary>
    public string Describe(string key) => Find(key)?.ToString() ?? $"{key} (not set)";

    /// <summary>Every setting that has a value, sorted by key.</summary>
    public IEnumerable<Setting> Settings() =>
        files.Keys.Concat(variables.Keys.Select(MuseumKeys.KeyOf).OfType<string>())
            .Distinct(StringComparer.OrdinalIgnoreCase)
            .Order(StringComparer.Ordinal)
            .Select(Find)
            .OfType<Setting>();

    /// <summary>
    /// All settings as one YAML file that gives museum the same values, each with a comment that says where it came from. Holds secrets.
    /// </summary>
    public string ToYaml()
    {
        var yaml = new StringBuilder("# The settings that museum ran with, after all files and overrides.\n");
        string[] open = [];
        foreach (var setting in Settings())
        {
            var parts = setting.Key.Split('.');
            var shared = open.Zip(parts[..^1]).TakeWhile(pair => pair.First == pair.Second).Count();
            for (var depth = shared; depth < parts.Length - 1; depth++)
            {
                yaml.Append(' ', 2 * depth).Append(parts[depth]).Append(":\n");
            }

            open = parts[..^1];
            yaml.Append(' ', 2 * open.Length).Append(parts[^1]).Append(": ").Append(Value(setting)).Append("  # ").Append(setting.Origin)
                .Append('\n');
        }

        return yaml.ToString();
    }

    /// <summary>
    /// The variables that took part, <c>NAME=value</c> a line, sorted; quoted as .env files quote where a value needs it. Holds secrets.
    /// </summary>
    public string ToEnvironmentFile() =>
        string.Concat(variables.Values.OrderBy(variable => variable.Name, StringComparer.Ordinal)
            .Select(variable => $"{variable.Name}={DotEnv.Quote(variable.Value)}\n"));

    // JSON's strings are YAML's double-quoted ones. Numbers and flags stay plain, because museum does not turn a quoted one into either
    // everywhere.
    private static string Value(Setting setting)
    {
        if (setting.IsList)
        {
            return "[" + string.Join(", ", setting.Values.Select(Quote)) + "]";
        }

        return setting.Text is "true" or "false" || (long.TryParse(setting.Text, out var number) && number.ToString() == setting.Text)
            ? setting.Text
            : Quote(setting.Text);
    }

    private static string Quote(string text) =>
        "\"" + JsonEncodedText.Encode(text, System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping) + "\"";
}

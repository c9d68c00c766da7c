using System.Globalization;
using Nestegg.Ente.Configuration;
using YamlDotNet.RepresentationModel;

namespace Nestegg.Settings;

/// <summary>One mapping of nestegg.yaml, read with errors that name file, line and key.</summary>
internal sealed class ConfigurationSection(YamlMappingNode node, string prefix, string file)
{
    private readonly Dictionary<string, YamlNode> children = YamlSettings.Entries(node)
        .GroupBy(entry => entry.Key, StringComparer.Ordinal)
        .ToDictionary(group => group.Key, group => group.Last().Value, StringComparer.Ordinal);

    public IEnumerable<string> Keys => children.Keys;

    /// <exception cref="NesteggException">There is a key that is not among those.</exception>
    public void AllowOnly(params string[] known)
    {
        foreach (var key in children.Keys)
        {
            if (!known.Contains(key))
            {
                throw Unknown(key, known);
            }
        }
    }

    public NesteggException Unknown(string key, IEnumerable<string> known)
    {
        var nearest = known.MinBy(candidate => Distance(key, candidate))!;

        // With half of its letters wrong it is no typing mistake, but a key of another place.
        var guess = Distance(key, nearest) <= nearest.Length / 2 ? $"did you mean {Named(nearest)}? " : "";
        return Wrong(key, "no such key", guess + "nestegg help configuration describes every key, and where it belongs");
    }

    public NesteggException Wrong(string key, string what, string hint)
    {
        var line = children.TryGetValue(key, out var value) ? $" line {value.Start.Line}" : "";
        return new NesteggException(FailureKind.BadInput, $"{file}{line}: {Named(key)}: {what}", hint);
    }

    /// <summary>A mapping below this one; a plain text there stands for the mapping with only <paramref name="scalarKey"/>.</summary>
    public ConfigurationSection? Section(string key, string? scalarKey = null)
    {
        var child = children.GetValueOrDefault(key);
        if (child is YamlMappingNode mapping)
        {
            return new ConfigurationSection(mapping, Named(key), file);
        }

        if (YamlSettings.Text(child) is { } text)
        {
            return scalarKey is not null
                ? new ConfigurationSection(new YamlMappingNode(scalarKey, text), Named(key), file)
                : throw Wrong(key, $"`{text}` stands where keys are expected", "write them below it, indented");
        }

        return null;
    }

    public string? Text(string key)
    {
        var child = children.GetValueOrDefault(key);
        if (child is YamlMappingNode or YamlSequenceNode)
        {
            throw Wrong(key, "a text is expected", "write one value after the colon");
        }

        return YamlSettings.Text(child) is { Length: > 0 } text ? text : null;
    }

    public string Required(string key) => Text(key) ?? throw Wrong(key, "is missing", "nestegg help configuration describes it");

    public string OneOf(string key, params string[] values)
    {
        var text = Text(key) ?? values[0];
        return values.Contains(text) ? text : throw Wrong(
            key, $"`{text}` is none of {string.Join(", ", values.Where(value => value.Length > 0))}",
            "nestegg help configuration describes it");
    }

    public bool Flag(string key, bool otherwise) => OneOf(key, otherwise ? "true" : "false", "true", "false") == "true";

    public int Number(string key, int otherwise, int least, int most)
    {
        if (Text(key) is not { } text)
        {
            return otherwise;
        }

        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most
            ? number
            : throw Wrong(key, $"`{text}` is no number from {least} to {most}", "nestegg help configuration describes it");
    }

    /// <summary>A list of texts; a single text is a list of one.</summary>
    public IReadOnlyList<string> List(string key)
    {
        if (!children.TryGetValue(key, out var child))
        {
            return [];
        }

        if (child is not YamlSequenceNode list)
        {
            return Text(key) is { } text ? [text] : [];
        }

        return [.. list.Children.Select(
            item => YamlSettings.Text(item) ?? throw Wrong(key, "a list of texts is expected", "write one text after each dash"))];
    }

    /// <summary>A command as a list of arguments; a single text is split at blanks, without a shell's quoting.</summary>
    public IReadOnlyList<string> Command(string key) =>
        List(key) is [var single] ? single.Split(' ', StringSplitOptions.RemoveEmptyEntries) : List(key);

    private string Named(string key) => prefix.Length > 0 ? $"{prefix}.{key}" : key;

    // Levenshtein's distance; keys are short.
    private static int Distance(string left, string right)
    {
        var row = Enumerable.Range(0, right.Length + 1).ToArray();
        for (var i = 1; i <= left.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= right.Length; j++)
            {
                var replaced = diagonal + (left[i - 1] == right[j - 1] ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(replaced, Math.Min(row[j], row[j - 1]) + 1);
            }
        }

        return row[^1];
    }
}

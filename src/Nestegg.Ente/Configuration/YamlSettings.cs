using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Nestegg.Ente.Configuration;

/// <summary>Reads YAML with line numbers: museum's settings flattened to dotted keys, and compose files as trees.</summary>
internal static class YamlSettings
{
    /// <summary>The root mapping of a YAML text; <see langword="null"/> for an empty one.</summary>
    /// <exception cref="EnteException">The text is not YAML, is nested or repeated beyond measure, or its root is no mapping.</exception>
    public static YamlMappingNode? ReadRoot(string text, string source)
    {
        var stream = new YamlStream();
        try
        {
            stream.Load(new BoundedYaml(new Parser(new StringReader(text)), source));
        }
        catch (Exception exception) when (exception is YamlException or InvalidOperationException)
        {
            // The parser gives up on some unclosed brackets with an InvalidOperationException that knows no line.
            var where = exception is YamlException yaml ? $"line {yaml.Start.Line}: {yaml.Message}" : "a bracket or a quote is not closed.";
            throw new EnteException(
                $"{source} is not valid YAML: {where}",
                exception.Message.Contains("uplicate key", StringComparison.Ordinal)
                    ? "Keep one of the two, as museum demands."
                    : "Compare the indentation of that line with its neighbours; tabs are not allowed.",
                exception);
        }

        if (stream.Documents.Count == 0 || IsNull(stream.Documents[0].RootNode))
        {
            return null;
        }

        return stream.Documents[0].RootNode as YamlMappingNode
            ?? throw new EnteException(
                $"{source} holds no settings: a mapping (`key: value`) was expected at its top.", "Is it the right file?");
    }

    /// <summary>Every leaf of the tree with its dotted key. A null leaf is left out: museum lets what lies beneath it stand.</summary>
    public static IEnumerable<Setting> Flatten(YamlMappingNode root, string source)
    {
        foreach (var (key, node) in Entries(root))
        {
            foreach (var setting in Flatten(key, node, source))
            {
                yield return setting;
            }
        }
    }

    /// <summary>The entries of a mapping; those of <c>&lt;&lt;</c> merges come first, so that later ones win.</summary>
    public static IEnumerable<(string Key, YamlNode Value)> Entries(YamlMappingNode mapping)
    {
        foreach (var (key, value) in mapping.Children)
        {
            if (key is YamlScalarNode { Value: "<<" })
            {
                var merged = value is YamlSequenceNode sequence ? sequence.Children : [value];
                foreach (var entry in merged.OfType<YamlMappingNode>().SelectMany(Entries))
                {
                    yield return entry;
                }
            }
        }

        foreach (var (key, value) in mapping.Children)
        {
            if (key is YamlScalarNode { Value: { } name } && name != "<<")
            {
                yield return (name, value);
            }
        }
    }

    /// <summary>The child of a mapping; <see langword="null"/> when the node is no mapping or has no such key.</summary>
    public static YamlNode? Child(YamlNode? node, string key) =>
        node is YamlMappingNode mapping ? Entries(mapping).LastOrDefault(entry => entry.Key == key).Value : null;

    /// <summary>The text of a scalar; <see langword="null"/> for anything else, and for YAML's null.</summary>
    public static string? Text(YamlNode? node) => node is YamlScalarNode scalar && !IsNull(scalar) ? scalar.Value : null;

    private static bool IsNull(YamlNode node) =>
        node is YamlScalarNode { Style: ScalarStyle.Plain or ScalarStyle.Any } scalar
        && scalar.Value is null or "" or "~" or "null" or "Null" or "NULL";

    private static IEnumerable<Setting> Flatten(string key, YamlNode node, string source)
    {
        var origin = new SettingOrigin(source, (int)node.Start.Line);
        return node switch
        {
            YamlMappingNode mapping => Entries(mapping).SelectMany(entry => Flatten($"{key}.{entry.Key}", entry.Value, source)),
            YamlSequenceNode list => [new Setting(key, [.. list.Children.Select(Text).OfType<string>()], isList: true, origin)],
            YamlScalarNode scalar when Text(scalar) is { } text => [new Setting(key, [text], isList: false, origin)],
            _ => [],
        };
    }
}

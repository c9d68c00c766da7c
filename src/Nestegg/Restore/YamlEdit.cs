using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Nestegg.Ente;
using Nestegg.Ente.Configuration;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;
using YamlDotNet.RepresentationModel;

namespace Nestegg.Restore;

/// <summary>
/// Changes single settings in a YAML text and leaves every other character of it as it is: comments, order, indentation, line ends.
/// </summary>
internal static class YamlEdit
{
    private const string Source = "museum.yaml";

    /// <summary>Gives a setting a value, where it stands if the text has it, else at the end of the mapping that it belongs to.</summary>
    /// <param name="text">YAML whose root is a mapping, or nothing.</param>
    /// <param name="key">With dots: <c>key.encryption</c>.</param>
    /// <param name="value">As YAML writes it; see <see cref="Render"/>.</param>
    public static string Set(string text, string key, string value)
    {
        var parts = key.Split('.');
        if (YamlSettings.ReadRoot(text, Source) is not { } root)
        {
            return Append(text, Lines(parts, value, 0, Step, NewLine(text)));
        }

        var mapping = root;
        for (var depth = 0; ; depth++)
        {
            if (Find(mapping, parts[depth]) is not { } entry)
            {
                return Insert(text, mapping, parts.AsSpan(depth), value, StepOf(root));
            }

            if (depth == parts.Length - 1)
            {
                return Replace(text, entry, value);
            }

            if (entry.Value is not YamlMappingNode next || next.Children.Count == 0)
            {
                return Nest(text, entry, parts.AsSpan(depth + 1), value, StepOf(root));
            }

            mapping = next;
        }
    }

    /// <summary>
    /// A setting's value as YAML. Numbers and flags stay plain, because museum does not turn a quoted one into either everywhere.
    /// </summary>
    public static string Render(Setting setting) =>
        setting.IsList ? "[" + string.Join(", ", setting.Values.Select(Quote)) + "]" : Render(setting.Text);

    public static string Render(string value) =>
        value is "true" or "false" || (long.TryParse(value, out var number) && number.ToString() == value) ? value : Quote(value);

    // JSON's strings are YAML's double-quoted ones.
    private static string Quote(string value) => "\"" + JsonEncodedText.Encode(value, JavaScriptEncoder.UnsafeRelaxedJsonEscaping) + "\"";

    private const int Step = 2;

    private static (YamlScalarNode Name, YamlNode Value)? Find(YamlMappingNode mapping, string name)
    {
        // museum's settings differ in more than case, so a file may write them in any.
        foreach (var (key, value) in mapping.Children)
        {
            if (key is YamlScalarNode scalar && string.Equals(scalar.Value, name, StringComparison.OrdinalIgnoreCase))
            {
                return (scalar, value);
            }
        }

        return null;
    }

    private static string Replace(string text, (YamlScalarNode Name, YamlNode Value) entry, string value)
    {
        var (name, node) = entry;
        if (node is YamlScalarNode { Style: ScalarStyle.Plain or ScalarStyle.SingleQuoted or ScalarStyle.DoubleQuoted }
            && node.End.Index > node.Start.Index)
        {
            return Splice(text, (int)node.Start.Index, (int)node.End.Index, value);
        }

        var colon = AfterColon(text, name);
        return Splice(text, colon, Math.Max(colon, EndOf(text, node)), " " + value);
    }

    // `name:` without anything beneath it, or with `{}`.
    private static string Nest(string text, (YamlScalarNode Name, YamlNode Value) entry, ReadOnlySpan<string> parts, string value, int step)
    {
        var (name, node) = entry;
        if (node is YamlSequenceNode || node is YamlScalarNode && YamlSettings.Text(node) is not null)
        {
            throw new EnteException(
                $"`{name.Value}` in {Source} holds a value where settings were expected beneath it.",
                "Make it a mapping (`name:` and indented lines below), or remove it.");
        }

        var colon = AfterColon(text, name);
        var indent = (int)name.Start.Column - 1 + step;
        var newLine = NewLine(text);
        return Splice(
            text, colon, Math.Max(colon, EndOf(text, node)), newLine + Lines(parts, value, indent, step, newLine).TrimEnd('\r', '\n'));
    }

    private static string Insert(string text, YamlMappingNode mapping, ReadOnlySpan<string> parts, string value, int step)
    {
        if (mapping.Style == MappingStyle.Flow)
        {
            var closing = string.Concat(Enumerable.Repeat("}", parts.Length - 1));
            return Splice(text, (int)mapping.Start.Index
                + 1, (int)mapping.Start.Index + 1, string.Join(": {", parts.ToArray()) + ": " + value + closing + ", ");
        }

        var indent = (int)mapping.Children.First().Key.Start.Column - 1;
        var newLine = NewLine(text);
        var lines = Lines(parts, value, indent, step, newLine);
        var lineEnd = text.IndexOf('\n', EndOf(text, mapping));
        return lineEnd < 0 ? Append(text, lines) : text.Insert(lineEnd + 1, lines);
    }

    private static string Append(string text, string lines) =>
        text.Length == 0 || text.EndsWith('\n') ? text + lines : text + NewLine(text) + lines;

    private static string Lines(ReadOnlySpan<string> parts, string value, int indent, int step, string newLine)
    {
        var lines = new StringBuilder();
        for (var i = 0; i < parts.Length; i++)
        {
            lines.Append(' ', indent + (i * step)).Append(parts[i]).Append(':');
            lines.Append(i == parts.Length - 1 ? " " + value : "").Append(newLine);
        }

        return lines.ToString();
    }

    // The mark at the end of a collection is that of its beginning, or where the next token begins, past comments; so the last leaf is
    // asked.
    private static int EndOf(string text, YamlNode node) => node switch
    {
        YamlMappingNode { Style: not MappingStyle.Flow, Children.Count: > 0 } mapping =>
            Math.Max(EndOf(text, mapping.Children.Last().Value), AfterColon(text, mapping.Children.Last().Key)),
        YamlSequenceNode { Style: not SequenceStyle.Flow, Children.Count: > 0 } list => EndOf(text, list.Children.Last()),
        YamlMappingNode mapping =>
            text.IndexOf('}', mapping.Children.Count > 0 ? EndOf(text, mapping.Children.Last().Value) : (int)mapping.Start.Index) + 1,
        YamlSequenceNode list => text.IndexOf(']', list.Children.Count > 0 ? EndOf(text, list.Children.Last()) : (int)list.Start.Index) + 1,
        YamlScalarNode { Style: ScalarStyle.Literal or ScalarStyle.Folded } =>
            (int)node.Start.Index + text.AsSpan((int)node.Start.Index, (int)(node.End.Index - node.Start.Index)).TrimEnd().Length,
        _ => (int)node.End.Index,
    };

    private static int AfterColon(string text, YamlNode name) => text.IndexOf(':', (int)name.End.Index) + 1;

    private static int StepOf(YamlMappingNode root)
    {
        var nested = root.Children.Values.OfType<YamlMappingNode>()
            .FirstOrDefault(mapping => mapping is { Style: not MappingStyle.Flow, Children.Count: > 0 });
        return nested is null
            ? Step
            : Math.Max(1, (int)(nested.Children.First().Key.Start.Column - root.Children.First().Key.Start.Column));
    }

    private static string NewLine(string text) => text.Contains("\r\n", StringComparison.Ordinal) ? "\r\n" : "\n";

    private static string Splice(string text, int start, int end, string replacement) =>
        string.Concat(text.AsSpan(0, start), replacement, text.AsSpan(end));
}

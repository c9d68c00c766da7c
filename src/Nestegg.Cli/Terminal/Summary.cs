using System.Text.Json;

namespace Nestegg.Cli.Terminal;

/// <summary>The numbers at the end of a command: fields of the JSON summary, and the same as lines for people.</summary>
internal sealed class Summary
{
    private readonly List<(string Label, string Text, Action<Utf8JsonWriter> Write)> entries = [];

    /// <param name="name">The field in JSON, in camel case.</param>
    /// <param name="label">What people read before the value.</param>
    public Summary Add(string name, long value, string label) => Add(label, $"{value:N0}", json => json.WriteNumber(name, value));

    public Summary Add(string name, double value, string label) => Add(label, $"{value:N1}", json => json.WriteNumber(name, value));

    public Summary Add(string name, string value, string label) => Add(label, value, json => json.WriteString(name, value));

    public Summary Add(string name, bool value, string label) => Add(label, value ? "yes" : "no", json => json.WriteBoolean(name, value));

    /// <summary>A number of bytes: exact in JSON, and for people with a unit beside it.</summary>
    public Summary AddBytes(string name, long value, string label) =>
        Add(label, value < 1024 ? $"{value} B" : $"{ByteText.Of(value)} ({value:N0} B)", json => json.WriteNumber(name, value));

    public void WriteTo(Utf8JsonWriter json)
    {
        foreach (var entry in entries)
        {
            entry.Write(json);
        }
    }

    public IEnumerable<string> Lines()
    {
        var width = entries.Select(entry => entry.Label.Length).DefaultIfEmpty().Max() + 2;
        return entries.Select(entry => (entry.Label + ":").PadRight(width) + entry.Text);
    }

    private Summary Add(string label, string text, Action<Utf8JsonWriter> write)
    {
        entries.Add((label, text, write));
        return this;
    }
}

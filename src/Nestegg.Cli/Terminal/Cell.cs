using System.Text.Json;

namespace Nestegg.Cli.Terminal;

/// <summary>A value of a table: what people read, and, for a number, what JSON gets instead.</summary>
internal readonly record struct Cell(string Text, long? Number = null)
{
    private readonly bool isWhole;

    /// <summary>Of no use when a part of it is left out, as numbers, ids and dates are.</summary>
    public bool IsWhole
    {
        get => isWhole || Number is not null;
        private init => isWhole = value;
    }

    public static implicit operator Cell(string text) => new(text);

    public static implicit operator Cell(long count) => new($"{count:N0}", count);

    /// <summary>An id or a date in letters.</summary>
    public static Cell Whole(string text) => new(text) { IsWhole = true };

    /// <summary>An id: no thousands are marked.</summary>
    public static Cell Id(long id) => new(id.ToString(System.Globalization.CultureInfo.InvariantCulture), id);

    /// <summary>A length, with a unit for people; empty when it is not known.</summary>
    public static Cell Bytes(long? bytes) => bytes is { } known ? new(ByteText.Of(known), known) : new("");

    /// <summary>Writes it under the column's name in camel case.</summary>
    public void WriteTo(Utf8JsonWriter json, string column)
    {
        var field = string.Concat(column.Split(' ').Select((word, i) => i == 0 ? word : char.ToUpperInvariant(word[0]) + word[1..]));
        if (Number is { } number)
        {
            json.WriteNumber(field, number);
        }
        else
        {
            json.WriteString(field, Text);
        }
    }
}

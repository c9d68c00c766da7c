namespace Nestegg.Cli.Terminal;

/// <summary>A value of a table: what people read, and, for a number, what JSON gets instead.</summary>
internal readonly record struct Cell(string Text, long? Number = null)
{
    public static implicit operator Cell(string text) => new(text);

    public static implicit operator Cell(long count) => new($"{count:N0}", count);

    /// <summary>An id: no thousands are marked.</summary>
    public static Cell Id(long id) => new(id.ToString(System.Globalization.CultureInfo.InvariantCulture), id);

    /// <summary>A length, with a unit for people; empty when it is not known.</summary>
    public static Cell Bytes(long? bytes) => bytes is { } known ? new(ByteText.Of(known), known) : new("");
}

using System.Collections;

namespace Nestegg.Ente.Objects;

/// <summary>
/// Names of bucket slots, each once, the likeliest first: where a row says that its object is. Equal when names and order are.
/// </summary>
public sealed class SlotNames : IReadOnlyList<string>, IEquatable<SlotNames>
{
    private readonly string[] names;

    private SlotNames(IEnumerable<string> names) => this.names = [.. names.Where(name => name.Length > 0).Distinct(StringComparer.Ordinal)];

    /// <summary>The row names none.</summary>
    public static SlotNames None { get; } = new([]);

    /// <inheritdoc/>
    public int Count => names.Length;

    /// <inheritdoc/>
    public string this[int index] => names[index];

    /// <summary>Reads names with commas between, as <see cref="ToString"/> and PostgreSQL's <c>{a,b}</c> have them.</summary>
    public static SlotNames Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return new SlotNames(Split(text));
    }

    /// <inheritdoc/>
    public bool Equals(SlotNames? other) => other is not null && names.AsSpan().SequenceEqual(other.names);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as SlotNames);

    /// <inheritdoc/>
    public override int GetHashCode() => ToString().GetHashCode(StringComparison.Ordinal);

    /// <inheritdoc/>
    public IEnumerator<string> GetEnumerator() => ((IEnumerable<string>)names).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>The names with commas between.</summary>
    public override string ToString() => string.Join(',', names);

    /// <summary>A slot that stands before those of an array.</summary>
    internal static SlotNames Of(string first, string array) => new(Split(array).Prepend(first));

    private static IEnumerable<string> Split(string array) => array.Trim('{', '}').Split(',').Select(name => name.Trim('"'));
}

using System.Diagnostics;
using System.Globalization;

namespace Nestegg.Retention;

/// <summary>Keeps the newest snapshot of each of the newest slots of a kind: so many of them, or those within a time.</summary>
/// <param name="Count">How many slots; <see cref="Unlimited"/> for all.</param>
/// <param name="Within">How far back from the newest good snapshot; <see langword="null"/> where the number alone counts.</param>
public sealed record KeepRule(SlotKind Kind, int Count, KeepDuration? Within)
{
    public const int Unlimited = int.MaxValue;

    private const string UnlimitedWord = "unlimited";

    /// <summary>What the rule is called without the dashes: <c>keep-daily</c>, <c>keep-within</c>, <c>keep-within-daily</c>.</summary>
    /// <param name="isWithin">Whether it takes a duration, and not a number.</param>
    public static string NameOf(SlotKind kind, bool isWithin) =>
        $"keep-{(isWithin ? "within" : "")}{(isWithin && kind != SlotKind.Last ? "-" : "")}{(isWithin && kind == SlotKind.Last ? "" : Slots.NameOf(kind))}";

    /// <summary>Reads what stands after such a name.</summary>
    /// <returns><see langword="null"/> for a number of none, which is no rule.</returns>
    /// <exception cref="FormatException">With what was expected.</exception>
    public static KeepRule? Parse(SlotKind kind, bool isWithin, string text)
    {
        if (isWithin)
        {
            return KeepDuration.TryParse(text, out var duration)
                ? new KeepRule(kind, Unlimited, duration)
                : throw new FormatException($"`{text}` is no duration; one is like 30d, 6m or 2y5m7d3h");
        }

        var count = 0;
        return text != UnlimitedWord && !int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out count)
            ? throw new FormatException($"`{text}` is no whole number, nor `{UnlimitedWord}`")
            : text == UnlimitedWord ? new KeepRule(kind, Unlimited, null)
            : count > 0 ? new KeepRule(kind, count, null)
            : null;
    }

    /// <summary>The rule's word for a slot that it keeps: <c>daily 2026-11-26</c>, <c>last 3</c>, <c>within 30d</c>.</summary>
    /// <param name="number">Which slot it is, counted from the newest.</param>
    internal string Label(DateTimeOffset moment, int number, TimeZoneInfo zone)
    {
        Debug.Assert(number > 0, "Slots are counted from 1.");
        var slot = Kind != SlotKind.Last ? $"{Slots.NameOf(Kind)} {Slots.Of(Kind, moment, zone)}"
            : Within is null ? string.Create(CultureInfo.InvariantCulture, $"{Slots.NameOf(Kind)} {number}")
            : "";
        return $"{slot}{(Within is null ? "" : $" within {Within}")}".TrimStart();
    }
}

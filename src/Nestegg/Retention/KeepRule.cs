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

    /// <summary>All rules that there are, by their names: <c>keep-last</c>, <c>keep-daily</c>, <c>keep-within</c>, …</summary>
    public static IReadOnlyList<KeepOption> Options { get; } =
    [
        .. Slots.All.Select(kind => new KeepOption($"keep-{Slots.NameOf(kind)}", kind, IsWithin: false)),
        .. Slots.All.Select(
            kind => new KeepOption(kind == SlotKind.Last ? "keep-within" : $"keep-within-{Slots.NameOf(kind)}", kind, IsWithin: true)),
    ];

    /// <summary>Reads what stands after a name.</summary>
    /// <returns><see langword="null"/> for a number of none, which is no rule.</returns>
    /// <exception cref="FormatException">With what was expected.</exception>
    public static KeepRule? Parse(KeepOption option, string text)
    {
        var kind = option.Kind;
        if (option.IsWithin)
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

/// <summary>What a rule is called, in nestegg.yaml and, after two dashes, on the command line.</summary>
/// <param name="IsWithin">Whether it takes a duration, and not a number.</param>
public sealed record KeepOption(string Name, SlotKind Kind, bool IsWithin);

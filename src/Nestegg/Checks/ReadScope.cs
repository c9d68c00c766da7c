using System.Globalization;

namespace Nestegg.Checks;

/// <summary>Which stored files <c>check</c> reads to the last byte. A file belongs to the same part in every run.</summary>
public abstract record ReadScope
{
    /// <summary>Structure only.</summary>
    public static ReadScope None { get; } = new NoReading();

    public static ReadScope All { get; } = new Part(1, 1);

    /// <summary>
    /// Reads what follows <c>--read-subset</c>: <c>5%</c> for the next so much, <c>3/30</c>, or <c>next/30</c> for the part after the one
    /// that was read last.
    /// </summary>
    public static bool TryParse(string text, out ReadScope scope)
    {
        scope = None;
        if (text.EndsWith('%') && double.TryParse(
            text.AsSpan(0, text.Length - 1), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var percent))
        {
            scope = percent is > 0 and <= 100 ? new Percent(percent) : None;
        }
        else if (text.Split('/') is [var first, var second]
            && int.TryParse(second, NumberStyles.None, CultureInfo.InvariantCulture, out var count)
            && count > 0)
        {
            if (first == "next")
            {
                scope = new NextPart(count);
            }
            else if (int.TryParse(first, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0 && number <= count)
            {
                scope = new Part(number, count);
            }
        }

        return scope != None;
    }

    private sealed record NoReading : ReadScope;

    /// <summary>So much of them, from where the last such run ended.</summary>
    internal sealed record Percent(double Value) : ReadScope;

    /// <summary>The n-th of so many parts, counted from 1.</summary>
    internal sealed record Part(int Number, int Count) : ReadScope;

    /// <summary>The part after the one that was read last.</summary>
    internal sealed record NextPart(int Count) : ReadScope;
}

namespace Nestegg;

/// <summary>A failure that the user must see. The command line prints it as two lines, <c>error:</c> and <c>hint:</c>.</summary>
/// <param name="kind">What kind of failure it is; the only thing that code may branch on.</param>
/// <param name="message">What failed, on which object, what was expected and what was found.</param>
/// <param name="hint">The next thing to do.</param>
/// <param name="innerException">The cause, for logs; never shown to a person.</param>
public sealed class NesteggException(FailureKind kind, string message, string hint, Exception? innerException = null)
    : Exception(message, innerException)
{
    public FailureKind Kind { get; } = kind;

    public string Hint { get; } = hint;

    /// <summary>
    /// It is one item that cannot be read, of a store that answers otherwise: another user's file, a bad sector, a key that is denied.
    /// Those who look at many items go on with the others.
    /// </summary>
    public bool IsOfOneItem { get; init; }

    /// <summary>What it is about is damaged or cannot be read; other items of the same place may well be whole.</summary>
    public bool SparesOthers => Kind == FailureKind.Damaged || IsOfOneItem;
}

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
}

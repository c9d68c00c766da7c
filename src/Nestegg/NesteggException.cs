namespace Nestegg;

/// <summary>A failure that the user must see. The command line prints it as two lines, <c>error:</c> and <c>hint:</c>.</summary>
/// <param name="exitCode">What the process exits with.</param>
/// <param name="message">What failed, on which object, what was expected and what was found.</param>
/// <param name="hint">The next thing to do.</param>
/// <param name="innerException">The cause, for logs; never shown to a person.</param>
public sealed class NesteggException(ExitCode exitCode, string message, string hint, Exception? innerException = null)
    : Exception(message, innerException)
{
    public ExitCode ExitCode { get; } = exitCode;

    public string Hint { get; } = hint;
}

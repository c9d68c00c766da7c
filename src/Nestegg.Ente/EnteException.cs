namespace Nestegg.Ente;

/// <summary>An Ente instance, or data that one wrote, is not what it has to be.</summary>
/// <param name="message">What, where, expected, found: one sentence that a person can read.</param>
/// <param name="hint">What to do next.</param>
/// <param name="innerException">The cause, for logs; never shown to a person.</param>
public class EnteException(string message, string hint, Exception? innerException = null)
    : Exception(message, innerException)
{
    /// <summary>What to do next.</summary>
    public string Hint { get; } = hint;
}

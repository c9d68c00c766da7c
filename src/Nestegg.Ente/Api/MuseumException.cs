using Nestegg.Ente.Retries;

namespace Nestegg.Ente.Api;

/// <summary>museum or its object store is out of reach or refuses, for reasons of its own: what was asked for is not at fault.</summary>
/// <param name="message">Who, and what it did: one sentence that a person can read.</param>
/// <param name="hint">What to do next.</param>
/// <param name="innerException">The cause, for logs; never shown to a person.</param>
public sealed class MuseumException(string message, string hint, Exception? innerException = null)
    : EnteException(message, hint, innerException)
{
    /// <summary>The session is no longer valid: nothing more will be answered.</summary>
    public bool IsSignedOut { get; init; }

    /// <summary>Whether the same request is worth another attempt.</summary>
    internal PassingFailure? Passing { get; set; }
}

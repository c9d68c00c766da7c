using Nestegg.Ente.Cryptography;

namespace Nestegg.Ente.Library;

/// <summary>
/// An account whose owner chose this person to recover it one day, and sealed its recovery key to them. Disposing it zeroes that key.
/// </summary>
public sealed class EntrustedAccount : IDisposable
{
    /// <summary>The account that can be recovered.</summary>
    public required long UserId { get; init; }

    /// <summary><c>INVITED</c> or <c>ACCEPTED</c>.</summary>
    public required string State { get; init; }

    /// <summary>That account's recovery key; null when it does not open.</summary>
    public SecretKey? RecoveryKey { get; init; }

    /// <summary>Why it does not open, or does not open that account.</summary>
    public LibraryProblem? Problem { get; init; }

    /// <inheritdoc/>
    public void Dispose() => RecoveryKey?.Dispose();

    /// <summary>Never the key.</summary>
    public override string ToString() => $"entrusted account {UserId}";
}

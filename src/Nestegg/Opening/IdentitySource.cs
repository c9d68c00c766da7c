namespace Nestegg.Opening;

/// <summary>Where the identities come from that open the secret parts of a snapshot.</summary>
/// <param name="Files">Full paths of identity files; with none, the identity that the repository keeps under a passphrase is taken.</param>
/// <param name="AskPassphrase">Asks for the passphrase of what it names. The answer is UTF-8 and is wiped by whoever asked.</param>
public sealed record IdentitySource(IReadOnlyList<string> Files, Func<string, CancellationToken, Task<byte[]>> AskPassphrase);

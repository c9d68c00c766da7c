using Nestegg.Formats.Age;

namespace Nestegg.Opening;

/// <summary>Where the identities come from that open the secret parts of a snapshot.</summary>
/// <param name="Files">Full paths of identity files; with none, the identity that the repository keeps under a passphrase is taken.</param>
public sealed record IdentitySource(IReadOnlyList<string> Files, AskPassphrase AskPassphrase);

using Nestegg.Formats.Minisign;
using Nestegg.Repositories.Files;

namespace Nestegg.Repositories.Index;

/// <summary>
/// Signs index files with a <see cref="SignatureFrame"/>, so that nobody without the repository's key can add to what its writers believe.
/// </summary>
internal sealed class IndexSigner(MinisignSecretKey key, string repositoryId)
{
    /// <param name="numbered">The run and the number of the file in it; see <see cref="IndexName"/>.</param>
    public byte[] Sign(ReadOnlySpan<byte> rows, string numbered) => SignatureFrame.Sign(key, rows, Comment(numbered, repositoryId));

    /// <summary>This signer, or another with its key, has signed the file as this one of this repository.</summary>
    public bool HasSigned(StoredIndex file) => HasSigned(file, key.PublicKey, repositoryId);

    /// <inheritdoc cref="HasSigned(StoredIndex)"/>
    public static bool HasSigned(StoredIndex file, MinisignPublicKey key, string repositoryId) =>
        SignatureFrame.Verifies(file.Rows.Span, file.Signature, key, Comment(file.Numbered, repositoryId));

    /// <summary>What is said of an index file that is whole and that the repository's key has not signed.</summary>
    public static Finding NotSigned(string key, Severity severity) => new(
        "index-unsigned", severity, key,
        $"{key} is not signed with the repository's key, or was signed as another file: what it lists is not believed",
        "no run wrote it here: remove it, and find out who else can write to the repository");

    // Binds the file to its place, so that one of another repository, or of another run, is not taken for it.
    private static string Comment(string numbered, string repositoryId) => $"nestegg index {numbered} repository {repositoryId}";
}

using System.Buffers.Binary;
using System.Diagnostics;
using Nestegg.Formats.Minisign;

namespace Nestegg.Repositories.Index;

/// <summary>
/// Signs index files at their end: a zstd frame of <see cref="SizeBytes"/> that decompressors skip, with the text of a minisign signature
/// over all before it, filled up with line ends. So nobody without the repository's key can add to what its writers believe, and a file is
/// still one request and <c>zstd -d</c>.
/// </summary>
internal sealed class IndexSigner(MinisignSecretKey key, string repositoryId)
{
    /// <summary>What a signature takes, always.</summary>
    public const int SizeBytes = 512;

    private const int HeadBytes = 8;

    // The first of the sixteen numbers that zstd's format sets aside for frames to be skipped.
    private const uint SkippableFrame = 0x184D2A50;

    /// <param name="numbered">The run and the number of the file in it; see <see cref="IndexName"/>.</param>
    public byte[] Sign(ReadOnlySpan<byte> rows, string numbered)
    {
        var frame = new byte[SizeBytes];
        BinaryPrimitives.WriteUInt32LittleEndian(frame, SkippableFrame);
        BinaryPrimitives.WriteInt32LittleEndian(frame.AsSpan(HeadBytes / 2), SizeBytes - HeadBytes);
        var text = frame.AsSpan(HeadBytes);
        text.Fill((byte)'\n');
        var signature = key.Sign(rows, Comment(numbered, repositoryId));
        Debug.Assert(signature.Length < text.Length, "Runs and repository ids have their lengths, so a signature has its own.");
        signature.CopyTo(text);
        return frame;
    }

    /// <summary>This signer, or another with its key, has signed the file as this one of this repository.</summary>
    public bool HasSigned(StoredIndex file) => HasSigned(file, key.PublicKey, repositoryId);

    /// <inheritdoc cref="HasSigned(StoredIndex)"/>
    public static bool HasSigned(StoredIndex file, MinisignPublicKey key, string repositoryId) =>
        file.Signature.Length == SizeBytes
        && MinisignSignature.TryParse(file.Signature[HeadBytes..], out var signature)
        && signature!.TrustedComment == Comment(file.Numbered, repositoryId)
        && signature.Verifies(file.Rows.Span, key);

    /// <summary>What is said of an index file that is whole and that the repository's key has not signed.</summary>
    public static Finding NotSigned(string key, Severity severity) => new(
        "index-unsigned", severity, key,
        $"{key} is not signed with the repository's key, or was signed as another file: what it lists is not believed",
        "no run wrote it here: remove it, and find out who else can write to the repository");

    // Binds the file to its place, so that one of another repository, or of another run, is not taken for it.
    private static string Comment(string numbered, string repositoryId) => $"nestegg index {numbered} repository {repositoryId}";
}

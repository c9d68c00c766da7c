using System.Buffers.Binary;
using System.Diagnostics;
using Nestegg.Formats.Minisign;

namespace Nestegg.Repositories.Files;

/// <summary>
/// Signs zstd files at their end: a frame of <see cref="SizeBytes"/> that decompressors skip, with the text of a minisign signature over
/// all before it, filled up with line ends. So a signed file is still one request and <c>zstd -d</c>.
/// </summary>
internal static class SignatureFrame
{
    /// <summary>What a signature takes, always.</summary>
    public const int SizeBytes = 512;

    private const int HeadBytes = 8;

    // The first of the sixteen numbers that zstd's format sets aside for frames to be skipped.
    private const uint SkippableFrame = 0x184D2A50;

    /// <param name="comment">Binds the content to its place, so that one of another repository is not taken for it.</param>
    public static byte[] Sign(MinisignSecretKey key, ReadOnlySpan<byte> content, string comment)
    {
        var frame = new byte[SizeBytes];
        BinaryPrimitives.WriteUInt32LittleEndian(frame, SkippableFrame);
        BinaryPrimitives.WriteInt32LittleEndian(frame.AsSpan(HeadBytes / 2), SizeBytes - HeadBytes);
        var text = frame.AsSpan(HeadBytes);
        text.Fill((byte)'\n');
        var signature = key.Sign(content, comment);
        Debug.Assert(signature.Length < text.Length, "What a comment is made of has its length, so a signature has its own.");
        signature.CopyTo(text);
        return frame;
    }

    /// <summary>The key has signed the content with this comment.</summary>
    /// <param name="frame">What follows the content, whatever it is.</param>
    public static bool Verifies(ReadOnlySpan<byte> content, ReadOnlySpan<byte> frame, MinisignPublicKey key, string comment) =>
        frame.Length == SizeBytes
        && MinisignSignature.TryParse(frame[HeadBytes..], out var signature)
        && signature!.TrustedComment == comment
        && signature.Verifies(content, key);
}

namespace Nestegg.Ente.Cryptography;

/// <summary>What can be wrong with an encrypted stream.</summary>
public enum SecretStreamDefectKind
{
    /// <summary>
    /// A chunk's authenticator does not fit: bytes changed, cut or added inside it, or the key or header of another file.
    /// </summary>
    NotAuthentic,

    /// <summary>The bytes end in the middle of a chunk: fewer remain than a chunk's overhead.</summary>
    ChunkTooShort,

    /// <summary>Every chunk is authentic but the last is not marked as the last: the rest is missing.</summary>
    FinalMissing,

    /// <summary>Bytes follow the chunk that is marked as the last.</summary>
    DataAfterFinal,

    /// <summary>The header does not have 24 bytes, so nothing can be opened.</summary>
    HeaderLength,
}

/// <summary>What is wrong with an encrypted stream, and where.</summary>
/// <param name="Kind">What is wrong.</param>
/// <param name="Chunk">In which chunk, counted from 1.</param>
/// <param name="OffsetBytes">Where that chunk begins in the encrypted bytes.</param>
public readonly record struct SecretStreamDefect(SecretStreamDefectKind Kind, long Chunk, long OffsetBytes)
{
    /// <summary>A sentence for people.</summary>
    public override string ToString() => Kind switch
    {
        SecretStreamDefectKind.NotAuthentic when Chunk == 1 =>
            "chunk 1 (at byte 0) cannot be opened: its bytes are damaged, or its key or header is that of another file",
        SecretStreamDefectKind.NotAuthentic => $"chunk {Chunk} (at byte {OffsetBytes}) is damaged; the chunks before it are in order",
        SecretStreamDefectKind.ChunkTooShort => $"the bytes end inside chunk {Chunk} (at byte {OffsetBytes})",
        SecretStreamDefectKind.FinalMissing =>
            $"the stream is cut: it ends after chunk {Chunk - 1} (at byte {OffsetBytes}), which is not marked as the last",
        SecretStreamDefectKind.DataAfterFinal => $"bytes follow the last chunk (from byte {OffsetBytes})",
        _ => $"the decryption header does not have {SecretStream.HeaderBytes} bytes",
    };
}

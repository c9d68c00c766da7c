using System.Security.Cryptography;

namespace Nestegg.Repositories.Files;

/// <summary>The SHA-256 of an object's bytes: its name in the repository. 32 bytes, printed as 64 lower-case hexadecimal digits.</summary>
public readonly record struct ObjectHash
{
    public const int SizeBytes = 32;

    private readonly UInt128 high;
    private readonly UInt128 low;

    public ObjectHash(ReadOnlySpan<byte> hash)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(hash.Length, SizeBytes);
        high = System.Buffers.Binary.BinaryPrimitives.ReadUInt128BigEndian(hash);
        low = System.Buffers.Binary.BinaryPrimitives.ReadUInt128BigEndian(hash[16..]);
    }

    public static ObjectHash Of(ReadOnlySpan<byte> content)
    {
        Span<byte> hash = stackalloc byte[SizeBytes];
        SHA256.HashData(content, hash);
        return new ObjectHash(hash);
    }

    /// <summary>Reads 64 hexadecimal digits; <see langword="false"/> for anything else.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out ObjectHash hash)
    {
        Span<byte> bytes = stackalloc byte[SizeBytes];
        if (text.Length == 2 * SizeBytes && Convert.FromHexString(text, bytes, out _, out _) == System.Buffers.OperationStatus.Done)
        {
            hash = new ObjectHash(bytes);
            return true;
        }

        hash = default;
        return false;
    }

    /// <summary>Writes the 32 bytes.</summary>
    public void CopyTo(Span<byte> target)
    {
        System.Buffers.Binary.BinaryPrimitives.WriteUInt128BigEndian(target, high);
        System.Buffers.Binary.BinaryPrimitives.WriteUInt128BigEndian(target[16..], low);
    }

    public override string ToString() => $"{high:x32}{low:x32}";
}

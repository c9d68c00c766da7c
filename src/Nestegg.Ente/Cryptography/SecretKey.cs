using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Nestegg.Ente.Cryptography;

/// <summary>
/// 32 bytes of key material: a master key, a file key, an X25519 secret key. They live in native memory, where the garbage
/// collector makes no copies of them, are zeroed on <see cref="Dispose"/>, and cannot be printed.
/// </summary>
public sealed unsafe class SecretKey : IDisposable
{
    /// <summary>The length of every key that Ente uses.</summary>
    public const int SizeBytes = 32;

    private byte* bytes;

    private SecretKey() => bytes = (byte*)NativeMemory.AllocZeroed(SizeBytes);

    /// <summary>A key that was dropped without <see cref="Dispose"/> is zeroed when it is collected.</summary>
    ~SecretKey() => Release();

    /// <summary>The key's bytes. Do not keep the span beyond the key's life.</summary>
    /// <exception cref="ObjectDisposedException">The key was disposed.</exception>
    public ReadOnlySpan<byte> Bytes => Writable;

    internal Span<byte> Writable
    {
        get
        {
            ObjectDisposedException.ThrowIf(bytes == null, this);
            return new Span<byte>(bytes, SizeBytes);
        }
    }

    /// <summary>Copies the bytes; the caller zeroes its own.</summary>
    /// <exception cref="ArgumentException">There are not exactly 32 of them.</exception>
    public static SecretKey From(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length != SizeBytes)
        {
            throw new ArgumentException($"A key has {SizeBytes} bytes, not {bytes.Length}.", nameof(bytes));
        }

        var key = new SecretKey();
        bytes.CopyTo(key.Writable);
        return key;
    }

    /// <summary>A new random key.</summary>
    public static SecretKey Random()
    {
        var key = new SecretKey();
        RandomNumberGenerator.Fill(key.Writable);
        return key;
    }

    /// <summary>All zeros, to be filled by this library.</summary>
    internal static SecretKey Empty() => new();

    /// <summary>The same key with a life of its own.</summary>
    public SecretKey Copy() => From(Bytes);

    /// <summary>Compares in a time that does not depend on the bytes.</summary>
    public bool FixedTimeEquals(SecretKey other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return CryptographicOperations.FixedTimeEquals(Bytes, other.Bytes);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Release();
        GC.SuppressFinalize(this);
    }

    /// <summary>Never the key.</summary>
    public override string ToString() => "SecretKey (not shown)";

    private void Release()
    {
        if (bytes != null)
        {
            CryptographicOperations.ZeroMemory(new Span<byte>(bytes, SizeBytes));
            NativeMemory.Free(bytes);
            bytes = null;
        }
    }
}

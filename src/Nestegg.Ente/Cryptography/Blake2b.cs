using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Nestegg.Ente.Cryptography;

/// <summary>BLAKE2b (RFC 7693), computed piece by piece. Ente's apps record the 512-bit hash of a photo's plaintext.</summary>
public sealed unsafe class Blake2b : IDisposable
{
    /// <summary>The length of the hash that Ente's apps record of a file.</summary>
    public const int FileHashBytes = 64;

    private void* state;
    private bool finished;

    /// <summary>Begins a hash.</summary>
    /// <param name="hashBytes">1 to 64.</param>
    /// <param name="key">At most 64 bytes; empty for a hash without key.</param>
    public Blake2b(int hashBytes = FileHashBytes, ReadOnlySpan<byte> key = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(hashBytes, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(hashBytes, FileHashBytes);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(key.Length, FileHashBytes, nameof(key));
        HashBytes = hashBytes;
        state = NativeMemory.AlignedAlloc(Sodium.GenericHashStateBytes, Sodium.GenericHashStateAlignment);
        Debug.Assert((nuint)state % Sodium.GenericHashStateAlignment == 0, "libsodium loads the state with aligned instructions.");
        Sodium.Require(Sodium.crypto_generichash_blake2b_init((nint)state, key, (nuint)key.Length, (nuint)hashBytes));
    }

    /// <summary>Frees the native memory of a hash that was dropped.</summary>
    ~Blake2b() => Release();

    /// <summary>The length of the hash.</summary>
    public int HashBytes { get; }

    /// <summary>The hash of bytes that are all there.</summary>
    public static byte[] Hash(ReadOnlySpan<byte> bytes, int hashBytes = FileHashBytes, ReadOnlySpan<byte> key = default)
    {
        using var hash = new Blake2b(hashBytes, key);
        hash.Update(bytes);
        return hash.Finish();
    }

    /// <summary>Adds bytes.</summary>
    public void Update(ReadOnlySpan<byte> bytes)
    {
        RequireOpen();
        Sodium.Require(Sodium.crypto_generichash_blake2b_update((nint)state, bytes, (ulong)bytes.Length));
    }

    /// <summary>Ends the hash; nothing can be added afterwards.</summary>
    public byte[] Finish()
    {
        RequireOpen();
        finished = true;
        var hash = new byte[HashBytes];
        Sodium.Require(Sodium.crypto_generichash_blake2b_final((nint)state, hash, (nuint)hash.Length));
        return hash;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Release();
        GC.SuppressFinalize(this);
    }

    private void RequireOpen()
    {
        ObjectDisposedException.ThrowIf(state == null, this);
        if (finished)
        {
            throw new InvalidOperationException("This hash has been finished.");
        }
    }

    private void Release()
    {
        if (state != null)
        {
            CryptographicOperations.ZeroMemory(new Span<byte>(state, Sodium.GenericHashStateBytes));
            NativeMemory.AlignedFree(state);
            state = null;
        }
    }
}

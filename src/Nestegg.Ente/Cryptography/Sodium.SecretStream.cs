using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Nestegg.Ente.Cryptography;

// crypto_secretstream_xchacha20poly1305.h.
internal static partial class Sodium
{
    internal const int SecretStreamHeaderBytes = 24;

    /// <summary>One byte of tag before the body, 16 of authenticator after it.</summary>
    internal const int SecretStreamOverheadBytes = 17;

    internal const byte SecretStreamTagMessage = 0;
    internal const byte SecretStreamTagFinal = 3;

    /// <summary>Key, nonce and padding: 32 + 12 + 8 bytes, no alignment wanted.</summary>
    [StructLayout(LayoutKind.Sequential, Size = 52)]
    internal struct SecretStreamState;

    [LibraryImport(Library)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories | DllImportSearchPath.AssemblyDirectory)]
    internal static partial int crypto_secretstream_xchacha20poly1305_init_push(
        ref SecretStreamState state, Span<byte> header, ReadOnlySpan<byte> k);

    [LibraryImport(Library)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories | DllImportSearchPath.AssemblyDirectory)]
    internal static partial int crypto_secretstream_xchacha20poly1305_push(
        ref SecretStreamState state, Span<byte> c, nint clen_p, ReadOnlySpan<byte> m, ulong mlen, nint ad, ulong adlen, byte tag);

    [LibraryImport(Library)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories | DllImportSearchPath.AssemblyDirectory)]
    internal static partial int crypto_secretstream_xchacha20poly1305_init_pull(
        ref SecretStreamState state, ReadOnlySpan<byte> header, ReadOnlySpan<byte> k);

    [LibraryImport(Library)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories | DllImportSearchPath.AssemblyDirectory)]
    internal static partial int crypto_secretstream_xchacha20poly1305_pull(
        ref SecretStreamState state, Span<byte> m, nint mlen_p, out byte tag_p, ReadOnlySpan<byte> c, ulong clen, nint ad, ulong adlen);

    internal static void Zero(ref SecretStreamState state) =>
        CryptographicOperations.ZeroMemory(MemoryMarshal.AsBytes(MemoryMarshal.CreateSpan(ref state, 1)));
}

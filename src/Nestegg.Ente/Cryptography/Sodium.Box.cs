using System.Runtime.InteropServices;

namespace Nestegg.Ente.Cryptography;

// crypto_box.h: X25519 with XSalsa20-Poly1305; only what sealed boxes need.
internal static partial class Sodium
{
    internal const int BoxPublicKeyBytes = 32;
    internal const int BoxSealBytes = 48;

    [LibraryImport(Library)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories | DllImportSearchPath.AssemblyDirectory)]
    internal static partial int crypto_box_keypair(Span<byte> pk, Span<byte> sk);

    [LibraryImport(Library)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories | DllImportSearchPath.AssemblyDirectory)]
    internal static partial int crypto_box_seal(Span<byte> c, ReadOnlySpan<byte> m, ulong mlen, ReadOnlySpan<byte> pk);

    [LibraryImport(Library)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories | DllImportSearchPath.AssemblyDirectory)]
    internal static partial int crypto_box_seal_open(
        Span<byte> m, ReadOnlySpan<byte> c, ulong clen, ReadOnlySpan<byte> pk, ReadOnlySpan<byte> sk);
}

using System.Runtime.InteropServices;

namespace Nestegg.Ente.Cryptography;

// crypto_scalarmult_curve25519.h: X25519 (RFC 7748).
internal static partial class Sodium
{
    internal const int ScalarMultBytes = 32;

    /// <summary>q = n · p. Not 0 when the result is the neutral element, which a sender may have forced.</summary>
    [LibraryImport(Library)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories | DllImportSearchPath.AssemblyDirectory)]
    internal static partial int crypto_scalarmult_curve25519(Span<byte> q, ReadOnlySpan<byte> n, ReadOnlySpan<byte> p);

    [LibraryImport(Library)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories | DllImportSearchPath.AssemblyDirectory)]
    internal static partial int crypto_scalarmult_curve25519_base(Span<byte> q, ReadOnlySpan<byte> n);
}

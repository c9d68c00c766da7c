using System.Runtime.InteropServices;

namespace Nestegg.Ente.Cryptography;

// crypto_secretbox.h: XSalsa20-Poly1305, the authenticator before the ciphertext.
internal static partial class Sodium
{
    internal const int SecretBoxNonceBytes = 24;
    internal const int SecretBoxMacBytes = 16;

    [LibraryImport(Library)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories | DllImportSearchPath.AssemblyDirectory)]
    internal static partial int crypto_secretbox_easy(
        Span<byte> c, ReadOnlySpan<byte> m, ulong mlen, ReadOnlySpan<byte> n, ReadOnlySpan<byte> k);

    [LibraryImport(Library)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories | DllImportSearchPath.AssemblyDirectory)]
    internal static partial int crypto_secretbox_open_easy(
        Span<byte> m, ReadOnlySpan<byte> c, ulong clen, ReadOnlySpan<byte> n, ReadOnlySpan<byte> k);
}

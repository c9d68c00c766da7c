using System.Runtime.InteropServices;

namespace Nestegg.Ente.Cryptography;

// crypto_pwhash_scryptsalsa208sha256.h: scrypt (RFC 7914) with its own parameters.
internal static partial class Sodium
{
    [LibraryImport(Library)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories | DllImportSearchPath.AssemblyDirectory)]
    internal static partial int crypto_pwhash_scryptsalsa208sha256_ll(
        ReadOnlySpan<byte> passwd, nuint passwdlen, ReadOnlySpan<byte> salt, nuint saltlen,
        ulong n, uint r, uint p, Span<byte> buf, nuint buflen);
}

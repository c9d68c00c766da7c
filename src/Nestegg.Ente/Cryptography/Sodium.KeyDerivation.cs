using System.Runtime.InteropServices;

namespace Nestegg.Ente.Cryptography;

// crypto_kdf_blake2b.h: sub-keys by keyed BLAKE2b.
internal static partial class Sodium
{
    internal const int KdfContextBytes = 8;

    [LibraryImport(Library)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories | DllImportSearchPath.AssemblyDirectory)]
    internal static partial int crypto_kdf_blake2b_derive_from_key(
        Span<byte> subkey, nuint subkey_len, ulong subkey_id, ReadOnlySpan<byte> ctx, ReadOnlySpan<byte> key);
}

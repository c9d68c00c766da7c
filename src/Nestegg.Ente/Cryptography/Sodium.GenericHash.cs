using System.Runtime.InteropServices;

namespace Nestegg.Ente.Cryptography;

// crypto_generichash_blake2b.h.
internal static partial class Sodium
{
    internal const int GenericHashStateBytes = 384;

    /// <summary>libsodium loads the state with aligned vector instructions, so it lives in native memory.</summary>
    internal const int GenericHashStateAlignment = 64;

    [LibraryImport(Library)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories | DllImportSearchPath.AssemblyDirectory)]
    internal static partial int crypto_generichash_blake2b(
        Span<byte> @out, nuint outlen, ReadOnlySpan<byte> @in, ulong inlen, ReadOnlySpan<byte> key, nuint keylen);

    [LibraryImport(Library)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories | DllImportSearchPath.AssemblyDirectory)]
    internal static partial int crypto_generichash_blake2b_init(nint state, ReadOnlySpan<byte> key, nuint keylen, nuint outlen);

    [LibraryImport(Library)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories | DllImportSearchPath.AssemblyDirectory)]
    internal static partial int crypto_generichash_blake2b_update(nint state, ReadOnlySpan<byte> @in, ulong inlen);

    [LibraryImport(Library)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories | DllImportSearchPath.AssemblyDirectory)]
    internal static partial int crypto_generichash_blake2b_final(nint state, Span<byte> @out, nuint outlen);
}

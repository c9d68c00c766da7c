using System.Runtime.InteropServices;

namespace Nestegg.Ente.Cryptography;

// crypto_pwhash_argon2id.h.
internal static partial class Sodium
{
    internal const int Argon2idSaltBytes = 16;
    internal const int Argon2idAlgorithm = 2;
    internal const ulong Argon2idOperationsMin = 1;
    internal const ulong Argon2idMemoryMinBytes = 8192;

    [LibraryImport(Library)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories | DllImportSearchPath.AssemblyDirectory)]
    internal static partial int crypto_pwhash_argon2id(
        Span<byte> @out, ulong outlen, ReadOnlySpan<byte> passwd, ulong passwdlen, ReadOnlySpan<byte> salt, ulong opslimit,
        nuint memlimit, int alg);
}

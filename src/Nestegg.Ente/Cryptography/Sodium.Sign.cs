using System.Runtime.InteropServices;

namespace Nestegg.Ente.Cryptography;

// crypto_sign_ed25519.h: a secret key is the seed followed by the public key.
internal static partial class Sodium
{
    internal const int SignBytes = 64;
    internal const int SignPublicKeyBytes = 32;
    internal const int SignSecretKeyBytes = 64;
    internal const int SignSeedBytes = 32;

    [LibraryImport(Library)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories | DllImportSearchPath.AssemblyDirectory)]
    internal static partial int crypto_sign_ed25519_seed_keypair(Span<byte> pk, Span<byte> sk, ReadOnlySpan<byte> seed);

    /// <summary>Signs. siglen_p is 0, because the length is always <see cref="SignBytes"/>.</summary>
    [LibraryImport(Library)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories | DllImportSearchPath.AssemblyDirectory)]
    internal static partial int crypto_sign_ed25519_detached(
        Span<byte> sig, nint siglen_p, ReadOnlySpan<byte> m, ulong mlen, ReadOnlySpan<byte> sk);

    [LibraryImport(Library)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories | DllImportSearchPath.AssemblyDirectory)]
    internal static partial int crypto_sign_ed25519_verify_detached(
        ReadOnlySpan<byte> sig, ReadOnlySpan<byte> m, ulong mlen, ReadOnlySpan<byte> pk);
}

using System.Runtime.InteropServices;

namespace Nestegg.Ente.Cryptography;

/// <summary>libsodium, bound by hand; one partial file for each header of it.</summary>
internal static partial class Sodium
{
    private const string Library = "libsodium";

    static Sodium()
    {
        // 0: ready, 1: was ready already, -1: cannot be used.
        if (sodium_init() < 0)
        {
            throw new InvalidOperationException("libsodium could not be initialised.");
        }
    }

    [LibraryImport(Library)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories | DllImportSearchPath.AssemblyDirectory)]
    private static partial int sodium_init();

    /// <summary>For calls that fail only when they are called wrongly or the machine is broken.</summary>
    internal static void Require(int result)
    {
        if (result != 0)
        {
            throw new InvalidOperationException($"libsodium refused a call with {result}.");
        }
    }
}

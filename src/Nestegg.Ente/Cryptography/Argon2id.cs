using System.Diagnostics.Metrics;

namespace Nestegg.Ente.Cryptography;

/// <summary>Argon2id version 1.3 with one lane, as libsodium's <c>crypto_pwhash</c>: from a password to a key.</summary>
public static class Argon2id
{
    /// <summary>The instrument that counts derivations, of the meter <c>Nestegg.Ente</c>.</summary>
    internal const string CounterName = "argon2id.derivations";

    private static readonly Meter Meter = new("Nestegg.Ente");
    private static readonly Counter<long> Derivations = Meter.CreateCounter<long>(CounterName);

    /// <summary>The length of a salt.</summary>
    public const int SaltBytes = Sodium.Argon2idSaltBytes;

    /// <summary>The least memory that the algorithm takes.</summary>
    public const long MemoryMinBytes = (long)Sodium.Argon2idMemoryMinBytes;

    /// <summary>Four times what any Ente app has asked for; a row that asks for more is damaged or hostile.</summary>
    public const long MemoryMaxBytes = 4L * 1024 * 1024 * 1024;

    /// <summary>Passes over the memory; Ente's apps use 2 to 32.</summary>
    public const long OperationsMax = 1024;

    /// <summary>Tells whether the limits are ones that this type will work with.</summary>
    public static bool AreLimitsUsable(long operations, long memoryBytes) =>
        operations is >= (long)Sodium.Argon2idOperationsMin and <= OperationsMax && memoryBytes is >= MemoryMinBytes and <= MemoryMaxBytes;

    /// <summary>
    /// Derives a key. Takes as long and as much memory as the limits say: a second or more for those that Ente's apps choose.
    /// </summary>
    /// <param name="password">As typed, in UTF-8, not normalised.</param>
    /// <param name="salt">16 bytes.</param>
    /// <param name="operations">Passes over the memory.</param>
    /// <param name="memoryBytes">Memory in bytes; what exceeds whole KiB does not count.</param>
    /// <exception cref="EnteException">The machine does not have the memory.</exception>
    public static SecretKey Derive(ReadOnlySpan<byte> password, ReadOnlySpan<byte> salt, long operations, long memoryBytes)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(salt.Length, SaltBytes);
        if (!AreLimitsUsable(operations, memoryBytes))
        {
            throw new ArgumentOutOfRangeException(
                nameof(memoryBytes), $"{operations} passes over {memoryBytes} bytes are not limits that can be used.");
        }

        Derivations.Add(1);
        var key = SecretKey.Empty();
        var result = Sodium.crypto_pwhash_argon2id(
            key.Writable, SecretKey.SizeBytes, password, (ulong)password.Length, salt, (ulong)operations, (nuint)memoryBytes,
            Sodium.Argon2idAlgorithm);
        if (result != 0)
        {
            key.Dispose();
            throw new EnteException(
                $"the password's key takes {memoryBytes >> 20} MiB of memory to derive, and this machine did not give them",
                "close other programs, or use a machine with more memory; the recovery key needs no such memory");
        }

        return key;
    }
}

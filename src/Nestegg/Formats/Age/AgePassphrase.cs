using System.Globalization;

namespace Nestegg.Formats.Age;

/// <summary>The passphrase stanza of age: scrypt, and always alone.</summary>
internal static class AgePassphrase
{
    /// <summary>What age itself writes.</summary>
    internal const int DefaultLogWork = 18;

    // 2^22 takes half a minute and 4 GiB; age refuses more as well.
    private const int LogWorkLimit = 22;

    internal static bool IsFor(AgeHeader header) => header.Stanzas.Any(stanza => stanza.Type == AgeKeys.Scrypt);

    /// <exception cref="FormatException">The stanza breaks the format.</exception>
    /// <exception cref="NesteggException">The passphrase is wrong, or the file wants none.</exception>
    internal static void Unwrap(AgeHeader header, Span<byte> fileKey, string name, ReadOnlySpan<byte> passphrase)
    {
        if (!IsFor(header))
        {
            throw new NesteggException(
                FailureKind.WrongIdentity, $"{name} is not encrypted to a passphrase", "give an identity file with --identity");
        }

        var stanza = header.Stanzas[0];
        if (header.Stanzas.Count != 1 || stanza.Arguments.Count != 2 || stanza.Body.Length != AgeKeys.WrappedKeyBytes
            || !AgeKeys.TryFromBase64(stanza.Arguments[0], out var salt) || salt.Length != AgeKeys.ScryptSaltBytes
            || !int.TryParse(stanza.Arguments[1], NumberStyles.None, CultureInfo.InvariantCulture, out var logWork)
            || stanza.Arguments[1][0] == '0')
        {
            throw new FormatException("its header has a broken scrypt stanza");
        }

        if (logWork > LogWorkLimit)
        {
            throw new FormatException($"it asks for a scrypt work factor of 2^{logWork}; more than 2^{LogWorkLimit} is refused");
        }

        if (!AgeKeys.TryUnwrapScrypt(passphrase, salt, logWork, stanza.Body, fileKey))
        {
            throw new NesteggException(
                FailureKind.WrongIdentity, $"the passphrase does not open {name}", "type it again; upper and lower case matter");
        }
    }
}

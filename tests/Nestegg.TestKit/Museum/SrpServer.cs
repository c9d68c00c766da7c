using System.Diagnostics.CodeAnalysis;
using System.Numerics;
using System.Security.Cryptography;
using Nestegg.Ente.Accounts;

namespace Nestegg.TestKit.Museum;

/// <summary>The server's side of Ente's password login: what museum does with a row of <c>srp_auth</c>.</summary>
internal sealed class SrpServer
{
    private const int EphemeralBytes = 64;
    private readonly BigInteger verifier;
    private readonly BigInteger b;
    private readonly BigInteger clientValue;
    private readonly BigInteger publicValue;

    private SrpServer(BigInteger verifier, BigInteger clientValue, BigInteger b)
    {
        (this.verifier, this.clientValue, this.b) = (verifier, clientValue, b);
        publicValue = ((Srp.K * verifier) + BigInteger.ModPow(Srp.G, b, Srp.N)) % Srp.N;
    }

    /// <summary>B, 512 bytes.</summary>
    public byte[] PublicValue => Srp.Pad(publicValue);

    /// <summary>Begins a login.</summary>
    /// <returns>Null when the client's value is one that no honest client sends.</returns>
    public static SrpServer? Begin(SrpRecord record, ReadOnlySpan<byte> clientPublicValue) =>
        Begin(record, clientPublicValue, RandomNumberGenerator.GetBytes(EphemeralBytes));

    internal static SrpServer? Begin(SrpRecord record, ReadOnlySpan<byte> clientPublicValue, ReadOnlySpan<byte> ephemeral)
    {
        ArgumentNullException.ThrowIfNull(record);
        var clientValue = Srp.Number(clientPublicValue);
        return clientPublicValue.Length > Srp.NumberBytes || (clientValue % Srp.N).IsZero
            ? null
            : new SrpServer(Srp.Number(record.Verifier), clientValue, Srp.Number(ephemeral));
    }

    /// <summary>Checks the client's proof, and makes the server's.</summary>
    /// <returns>False when the password was wrong.</returns>
    public bool TryVerify(ReadOnlySpan<byte> clientProof, [NotNullWhen(true)] out byte[]? proof)
    {
        var u = Srp.Scrambler(clientValue, publicValue);
        var secret = BigInteger.ModPow(clientValue * BigInteger.ModPow(verifier, u, Srp.N), b, Srp.N);
        var isRight = CryptographicOperations.FixedTimeEquals(clientProof, Srp.ClientProof(clientValue, publicValue, secret));
        proof = isRight ? Srp.ServerProof(clientValue, clientProof, secret) : null;
        return isRight;
    }

    /// <summary>What a server stores of a password.</summary>
    public static SrpRecord Register(string srpUserId, byte[] salt, ReadOnlySpan<byte> loginKey) =>
        new(srpUserId, salt, Srp.Verifier(srpUserId, salt, loginKey));
}

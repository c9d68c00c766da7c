using System.Diagnostics.CodeAnalysis;
using System.Numerics;
using System.Security.Cryptography;

namespace Nestegg.Ente.Accounts;

/// <summary>
/// The client's side of Ente's password login. Send <see cref="PublicValue"/> (<c>srpA</c>), answer the server's <c>srpB</c> with
/// <see cref="TryProve"/> (<c>srpM1</c>), and believe the server only when <see cref="TryVerify"/> accepts its <c>srpM2</c>.
/// </summary>
internal sealed class SrpClient
{
    private const int EphemeralBytes = 64;
    private readonly BigInteger x;
    private readonly BigInteger a;
    private readonly BigInteger publicValue;
    private byte[]? expectedProof;

    /// <summary>Begins a login.</summary>
    /// <param name="srpUserId"><c>srpUserID</c> exactly as the server gave it.</param>
    /// <param name="salt"><c>srpSalt</c>, decoded.</param>
    /// <param name="loginKey">From <see cref="Cryptography.LoginKey"/>.</param>
    public SrpClient(string srpUserId, ReadOnlySpan<byte> salt, ReadOnlySpan<byte> loginKey)
        : this(srpUserId, salt, loginKey, RandomNumberGenerator.GetBytes(EphemeralBytes))
    {
    }

    internal SrpClient(string srpUserId, ReadOnlySpan<byte> salt, ReadOnlySpan<byte> loginKey, ReadOnlySpan<byte> ephemeral)
    {
        x = Srp.PrivateKey(srpUserId, salt, loginKey);
        a = Srp.Number(ephemeral);
        publicValue = BigInteger.ModPow(Srp.G, a, Srp.N);
    }

    /// <summary>A, 512 bytes.</summary>
    public byte[] PublicValue => Srp.Pad(publicValue);

    /// <summary>Computes the proof that this side knows the password.</summary>
    /// <returns>False when the server's value is one that no honest server sends.</returns>
    public bool TryProve(ReadOnlySpan<byte> serverPublicValue, [NotNullWhen(true)] out byte[]? proof)
    {
        proof = null;
        var b = Srp.Number(serverPublicValue);
        var u = Srp.Scrambler(publicValue, b);
        if (serverPublicValue.Length > Srp.NumberBytes || (b % Srp.N).IsZero || u.IsZero)
        {
            return false;
        }

        var difference = (b - (Srp.K * BigInteger.ModPow(Srp.G, x, Srp.N))) % Srp.N;
        var secret = BigInteger.ModPow(difference.Sign < 0 ? difference + Srp.N : difference, a + (u * x), Srp.N);
        proof = Srp.ClientProof(publicValue, b, secret);
        expectedProof = Srp.ServerProof(publicValue, proof, secret);
        return true;
    }

    /// <summary>Checks the server's proof that it knows the verifier.</summary>
    public bool TryVerify(ReadOnlySpan<byte> serverProof) =>
        expectedProof is not null && CryptographicOperations.FixedTimeEquals(serverProof, expectedProof);
}

using System.Globalization;
using System.Numerics;
using System.Security.Cryptography;
using System.Text;

namespace Nestegg.Ente.Accounts;

/// <summary>
/// What both sides of SRP-6a compute, as Ente uses it: the 4096-bit group of RFC 5054 with generator 5, SHA-256, and every number
/// padded to 512 bytes before it is hashed.
/// </summary>
internal static class Srp
{
    internal const int NumberBytes = 512;

    internal static readonly BigInteger N = BigInteger.Parse(
        "0FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DDEF9519B3CD3A431B302B0A6DF25F1437"
        + "4FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7EDEE386BFB5A899FA5AE9F24117C4B1FE649286651ECE45B3DC2007CB8A163BF05"
        + "98DA48361C55D39A69163FA8FD24CF5F83655D23DCA3AD961C62F356208552BB9ED529077096966D670C354E4ABC9804F1746C08CA18217C32905E462E36CE3B"
        + "E39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF6955817183995497CEA956AE515D2261898FA051015728E5A8AAAC42DAD33170D04507A33"
        + "A85521ABDF1CBA64ECFB850458DBEF0A8AEA71575D060C7DB3970F85A6E1E4C7ABF5AE8CDB0933D71E8C94E04A25619DCEE3D2261AD2EE6BF12FFA06D98A0864"
        + "D87602733EC86A64521F2B18177B200CBBE117577A615D6C770988C0BAD946E208E24FA074E5AB3143DB5BFCE0FD108E4B82D120A92108011A723C12A787E6D7"
        + "88719A10BDBA5B2699C327186AF4E23C1A946834B6150BDA2583E9CA2AD44CE8DBBBC2DB04DE8EF92E8EFC141FBECAA6287C59474E6BC05D99B2964FA090C3A2"
        + "233BA186515BE7ED1F612970CEE2D7AFB81BDD762170481CD0069127D5B05AA993B4EA988D8FDDC186FFB7DC90A6C08F4DF435C934063199FFFFFFFFFFFFFFFF",
        NumberStyles.HexNumber, CultureInfo.InvariantCulture);

    internal static readonly BigInteger G = 5;

    internal static readonly BigInteger K = Number(Hash(Pad(N), Pad(G)));

    /// <summary>The verifier that the server keeps: g to the power of x.</summary>
    internal static byte[] Verifier(string srpUserId, ReadOnlySpan<byte> salt, ReadOnlySpan<byte> loginKey) =>
        Pad(BigInteger.ModPow(G, PrivateKey(srpUserId, salt, loginKey), N));

    /// <summary>x = H(salt ‖ H(I ‖ ":" ‖ P)).</summary>
    internal static BigInteger PrivateKey(string srpUserId, ReadOnlySpan<byte> salt, ReadOnlySpan<byte> loginKey)
    {
        byte[] identity = [.. Encoding.UTF8.GetBytes(srpUserId), (byte)':', .. loginKey];
        var inner = SHA256.HashData(identity);
        CryptographicOperations.ZeroMemory(identity);
        return Number(Hash(salt, inner));
    }

    /// <summary>u = H(PAD(A) ‖ PAD(B)).</summary>
    internal static BigInteger Scrambler(BigInteger a, BigInteger b) => Number(Hash(Pad(a), Pad(b)));

    internal static byte[] ClientProof(BigInteger a, BigInteger b, BigInteger secret) => Hash([.. Pad(a), .. Pad(b)], Pad(secret));

    internal static byte[] ServerProof(BigInteger a, ReadOnlySpan<byte> clientProof, BigInteger secret) =>
        Hash([.. Pad(a), .. clientProof], SHA256.HashData(Pad(secret)));

    internal static BigInteger Number(ReadOnlySpan<byte> bytes) => new(bytes, isUnsigned: true, isBigEndian: true);

    internal static byte[] Pad(BigInteger number) => Pad(number.ToByteArray(isUnsigned: true, isBigEndian: true));

    internal static byte[] Pad(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > NumberBytes)
        {
            return bytes.ToArray();
        }

        var padded = new byte[NumberBytes];
        bytes.CopyTo(padded.AsSpan(NumberBytes - bytes.Length));
        return padded;
    }

    private static byte[] Hash(ReadOnlySpan<byte> first, ReadOnlySpan<byte> second) => SHA256.HashData([.. first, .. second]);
}

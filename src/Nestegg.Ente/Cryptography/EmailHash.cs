using System.Text;

namespace Nestegg.Ente.Cryptography;

/// <summary>How museum finds a user by e-mail address without storing it: BLAKE2b-256 under the configured <c>key.hash</c>.</summary>
public static class EmailHash
{
    /// <summary>What <c>users.email_hash</c> holds for an address: standard Base64.</summary>
    /// <param name="email">In any case, with or without spaces around it.</param>
    /// <param name="hashKey"><c>key.hash</c>, decoded; 64 bytes.</param>
    public static string Compute(string email, ReadOnlySpan<byte> hashKey) =>
        Convert.ToBase64String(Blake2b.Hash(Encoding.UTF8.GetBytes(Normalize(email)), 32, hashKey));

    /// <summary>The form in which museum hashes and stores an address.</summary>
    public static string Normalize(string email)
    {
        ArgumentNullException.ThrowIfNull(email);
        return email.Trim().ToLowerInvariant();
    }
}

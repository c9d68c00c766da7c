using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using Nestegg.Ente.Cryptography;

namespace Nestegg.Formats.Age;

/// <summary>The public half of an age identity: <c>age1…</c>. All that a backup needs.</summary>
public sealed class AgeRecipient : IEquatable<AgeRecipient>
{
    private const string Prefix = "age";

    private readonly byte[] publicKey;

    internal AgeRecipient(ReadOnlySpan<byte> publicKey)
    {
        Debug.Assert(publicKey.Length == Sodium.ScalarMultBytes, "A public key is a point.");
        this.publicKey = publicKey.ToArray();
    }

    internal ReadOnlySpan<byte> PublicKey => publicKey;

    public static bool TryParse(string text, out AgeRecipient? recipient)
    {
        Span<byte> key = stackalloc byte[Bech32.KeyBytes];
        recipient = Bech32.TryDecode(Encoding.UTF8.GetBytes(text), Prefix, key) ? new AgeRecipient(key) : null;
        return recipient is not null;
    }

    /// <exception cref="NesteggException">The text is no X25519 recipient.</exception>
    public static AgeRecipient Parse(string text) => TryParse(text, out var recipient)
        ? recipient!
        : throw new NesteggException(
            FailureKind.BadInput, $"'{text}' is no age recipient", "a recipient begins with age1 and is printed by age-keygen");

    public override string ToString() => Encoding.ASCII.GetString(Bech32.Encode(Prefix, publicKey));

    public bool Equals(AgeRecipient? other) => other is not null && publicKey.AsSpan().SequenceEqual(other.publicKey);

    public override bool Equals(object? obj) => Equals(obj as AgeRecipient);

    public override int GetHashCode() => BitConverter.ToInt32(publicKey);

    internal AgeStanza Wrap(ReadOnlySpan<byte> fileKey)
    {
        Span<byte> ephemeral = stackalloc byte[Sodium.ScalarMultBytes];
        Span<byte> share = stackalloc byte[Sodium.ScalarMultBytes];
        Span<byte> shared = stackalloc byte[Sodium.ScalarMultBytes];
        RandomNumberGenerator.Fill(ephemeral);
        if (Sodium.crypto_scalarmult_curve25519_base(share, ephemeral) != 0
            || Sodium.crypto_scalarmult_curve25519(shared, ephemeral, publicKey) != 0)
        {
            throw new NesteggException(
                FailureKind.BadInput, $"the age recipient {this} is no usable key", "make a new one with age-keygen");
        }

        var body = AgeKeys.WrapX25519(shared, share, publicKey, fileKey);
        CryptographicOperations.ZeroMemory(ephemeral);
        CryptographicOperations.ZeroMemory(shared);
        return new AgeStanza(AgeKeys.X25519, [AgeKeys.ToBase64(share)], body);
    }
}

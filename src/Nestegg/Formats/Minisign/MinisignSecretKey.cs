using System.Buffers.Binary;
using System.Buffers.Text;
using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using Nestegg.Ente.Cryptography;

namespace Nestegg.Formats.Minisign;

/// <summary>
/// A minisign key pair. Its file is of the kind that <c>minisign -G -W</c> makes: not encrypted, so that a timer can sign. Disposing it
/// wipes the key.
/// </summary>
internal sealed class MinisignSecretKey : IDisposable
{
    // Algorithm, key derivation (none), checksum algorithm; then salt, limits, id, key and checksum.
    private const int SaltAndLimitsBytes = 32 + 8 + 8;
    private const int IdOffset = 6 + SaltAndLimitsBytes;
    private const int KeyOffset = IdOffset + MinisignPublicKey.IdBytes;
    private const int EncodedBytes = KeyOffset + Sodium.SignSecretKeyBytes + 32;

    // Ed25519 with libsodium's seed‖public key, as minisign keeps it.
    private readonly byte[] id;
    private readonly byte[] key;

    private MinisignSecretKey(ReadOnlySpan<byte> id, ReadOnlySpan<byte> key)
    {
        Debug.Assert(id.Length == MinisignPublicKey.IdBytes, "A key has a number.");
        Debug.Assert(key.Length == Sodium.SignSecretKeyBytes, "A secret key is a seed and the public key behind it.");
        (this.id, this.key) = (id.ToArray(), key.ToArray());
        PublicKey = new MinisignPublicKey(id, key[Sodium.SignSeedBytes..]);
    }

    public MinisignPublicKey PublicKey { get; }

    private static ReadOnlySpan<byte> Head => "Ed\0\0B2"u8;

    public static MinisignSecretKey Generate()
    {
        Span<byte> id = stackalloc byte[MinisignPublicKey.IdBytes];
        Span<byte> seed = stackalloc byte[Sodium.SignSeedBytes];
        Span<byte> key = stackalloc byte[Sodium.SignSecretKeyBytes];
        RandomNumberGenerator.Fill(id);
        RandomNumberGenerator.Fill(seed);
        if (Sodium.crypto_sign_ed25519_seed_keypair(stackalloc byte[Sodium.SignPublicKeyBytes], key, seed) != 0)
        {
            throw new CryptographicException("Ed25519 refused a seed.");
        }

        var secret = new MinisignSecretKey(id, key);
        CryptographicOperations.ZeroMemory(seed);
        CryptographicOperations.ZeroMemory(key);
        return secret;
    }

    /// <summary>Reads a secret key file.</summary>
    /// <param name="name">What the file is called in messages.</param>
    /// <exception cref="NesteggException">The file is something else, or its key is encrypted.</exception>
    public static MinisignSecretKey Parse(ReadOnlySpan<byte> text, string name)
    {
        Span<byte> bytes = stackalloc byte[EncodedBytes + 3];
        var first = text.IndexOf((byte)'\n');
        var line = first < 0 ? default : text[(first + 1)..].Trim(" \r\n"u8);
        var status = Base64.DecodeFromUtf8(line, bytes, out _, out var length);
        if (status != System.Buffers.OperationStatus.Done || length != EncodedBytes || !bytes.StartsWith("Ed"u8))
        {
            throw new NesteggException(
                FailureKind.BadInput, $"{name} is no minisign secret key", "give the key file that nestegg init or minisign -G -W wrote");
        }

        if (!bytes.StartsWith(Head))
        {
            throw new NesteggException(
                FailureKind.BadInput, $"the signing key {name} is encrypted with a password",
                "remove the password with minisign -C -W -s " + name);
        }

        var secret = new MinisignSecretKey(
            bytes.Slice(IdOffset, MinisignPublicKey.IdBytes), bytes.Slice(KeyOffset, Sodium.SignSecretKeyBytes));
        CryptographicOperations.ZeroMemory(bytes);
        return secret;
    }

    /// <summary>The text of a secret key file. The caller wipes it.</summary>
    public byte[] ToFileText()
    {
        Span<byte> bytes = stackalloc byte[EncodedBytes];
        bytes.Clear();
        Head.CopyTo(bytes);
        id.CopyTo(bytes[IdOffset..]);
        key.CopyTo(bytes[KeyOffset..]);
        var encoded = new byte[Base64.GetMaxEncodedToUtf8Length(EncodedBytes)];
        Base64.EncodeToUtf8(bytes, encoded, out _, out _);
        byte[] text = [.. "untrusted comment: minisign encrypted secret key\n"u8, .. encoded, (byte)'\n'];
        CryptographicOperations.ZeroMemory(bytes);
        CryptographicOperations.ZeroMemory(encoded);
        return text;
    }

    /// <summary>The text of a signature file over the content.</summary>
    /// <param name="trustedComment">One line, signed along.</param>
    public byte[] Sign(ReadOnlySpan<byte> content, string trustedComment)
    {
        if (trustedComment.AsSpan().IndexOfAny('\r', '\n') >= 0)
        {
            throw new ArgumentException("A trusted comment is one line.", nameof(trustedComment));
        }

        Span<byte> signature = stackalloc byte[Sodium.SignBytes];
        SignDetached(MinisignSignature.Prehash(content), signature);
        byte[] signed = [.. signature, .. Encoding.UTF8.GetBytes(trustedComment)];
        Span<byte> global = stackalloc byte[Sodium.SignBytes];
        SignDetached(signed, global);
        byte[] encoded = [.. "ED"u8, .. id, .. signature];
        return Encoding.UTF8.GetBytes(
            $"untrusted comment: signature from nestegg, key {IdText(id)}\n{Convert.ToBase64String(encoded)}\n"
            + $"trusted comment: {trustedComment}\n{Convert.ToBase64String(global)}\n");
    }

    public void Dispose() => CryptographicOperations.ZeroMemory(key);

    /// <summary>minisign prints a key's number as a little-endian integer.</summary>
    internal static string IdText(ReadOnlySpan<byte> id) => $"{BinaryPrimitives.ReadUInt64LittleEndian(id):X16}";

    private void SignDetached(ReadOnlySpan<byte> message, Span<byte> signature)
    {
        Debug.Assert(signature.Length == Sodium.SignBytes, "libsodium writes a whole signature, whatever room there is.");
        if (Sodium.crypto_sign_ed25519_detached(signature, 0, message, (ulong)message.Length, key) != 0)
        {
            throw new CryptographicException("Ed25519 could not sign.");
        }
    }
}

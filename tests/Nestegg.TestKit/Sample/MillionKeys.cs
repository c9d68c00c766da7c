using Nestegg.Ente.Cryptography;

namespace Nestegg.TestKit.Sample;

/// <summary>
/// The keys of an instance of millions: everybody has the same, every file has one key and one header, and the account opens with a
/// recovery key. So the rows are texts that are made once, and all of them open.
/// </summary>
internal sealed class MillionKeys
{
    private readonly SampleSeal seal;

    public MillionKeys(int seed)
    {
        var random = new SampleRandom(seed);
        seal = new SampleSeal(random);
        (MasterKey, RecoverySecret, FileKey, Header) =
            (seal.NewKey(), seal.NewKey(), seal.NewKey(), random.Bytes(SecretStream.HeaderBytes));
        using var albumKey = seal.NewKey();
        Album = seal.Box(albumKey.Bytes, MasterKey);
        File = seal.Box(FileKey.Bytes, albumKey);
        Metadata = seal.Json(new System.Text.Json.Nodes.JsonObject
        {
            [
            "title"] = "IMG_0001.jpg", ["creationTime"] = 1_700_000_000_000_000, ["fileType"] = 0
        }, FileKey);
    }

    public SecretKey RecoverySecret { get; }

    public SecretKey FileKey { get; }

    /// <summary>Of files and thumbnails alike.</summary>
    public byte[] Header { get; }

    public (string Box, string Nonce) Album { get; }

    public (string Box, string Nonce) File { get; }

    public (string Data, string Header) Metadata { get; }

    private SecretKey MasterKey { get; }

    /// <summary>The columns of <c>key_attributes</c> after the user and what belongs to the password, as SQL.</summary>
    public (string Columns, string Values) Attributes()
    {
        using var secretKey = SealedBox.NewKeyPair(out var publicKey);
        var (secret, master, recovery) =
            (seal.Box(secretKey.Bytes, MasterKey), seal.Box(MasterKey.Bytes, RecoverySecret), seal.Box(RecoverySecret.Bytes, MasterKey));
        return (
            "public_key, encrypted_secret_key, secret_key_decryption_nonce, master_key_encrypted_with_recovery_key, "
            + "master_key_decryption_nonce, recovery_key_encrypted_with_master_key, recovery_key_decryption_nonce",
            $"'{Convert.ToBase64String(publicKey)}', '{secret.Box}', '{secret.Nonce}', '{master.Box}', '{master.Nonce}', '{recovery.Box}', '{recovery.Nonce}'");
    }
}

using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Nestegg.Ente.Cryptography;

namespace Nestegg.TestKit.Sample;

/// <summary>
/// Links as the apps make them: to an album, to chosen pictures, to one file. What opens a link is at its end, which no server sees.
/// </summary>
internal sealed class SampleLinks(SampleStorage storage, SampleRandom random, SampleSeal seal, SampleClock clock)
{
    // What the apps ask for a link, whatever the account's own password costs.
    private const long MemoryBytes = 64 * 1024 * 1024;
    private const int Operations = 2;

    private long nextAlbumLink = 1;
    private long nextMemory = 1;
    private long nextMemoryFile = 1;

    /// <summary>
    /// The album's key is at the end of the link, so the row has nothing of it. A password only keeps museum from answering.
    /// </summary>
    /// <param name="isCollaborative">Whoever has the link may upload.</param>
    public Task AddAlbumLinkAsync(
        SampleAlbum album, CancellationToken cancellationToken, string? password = null, bool isCollaborative = false)
    {
        var salt = random.Bytes(Argon2id.SaltBytes);
        using var hash = password is null ? null : Argon2id.Derive(Encoding.UTF8.GetBytes(password), salt, Operations, MemoryBytes);
        return storage.InsertAsync("public_collection_tokens", cancellationToken,
            ("id", nextAlbumLink++), ("collection_id", album.Id), ("access_token", random.Secret(8)), ("enable_collect", isCollaborative),
            ("pw_hash", hash is null ? null : Convert.ToBase64String(hash.Bytes)),
            ("pw_nonce", hash is null ? null : Convert.ToBase64String(salt)),
            ("mem_limit", hash is null ? null : MemoryBytes), ("ops_limit", hash is null ? null : (long)Operations));
    }

    /// <param name="type"><c>share</c>, or <c>lane</c>, whose metadata is compressed.</param>
    /// <returns>The row's id.</returns>
    public async Task<long> AddMemoryAsync(string type, SamplePerson owner, SecretKey memoryKey, JsonObject metadata,
        IEnumerable<SampleFile> files, CancellationToken cancellationToken)
    {
        var (id, secret) = (nextMemory++, random.Secret(12));
        using var key = SecretKey.From(SHA256.HashData(Encoding.ASCII.GetBytes(secret)));
        var wrapped = seal.Box(secret, memoryKey);
        var name = seal.Box(type == "lane" ? SampleSeal.Gzip(metadata) : Encoding.UTF8.GetBytes(metadata.ToJsonString()), key);
        var now = clock.NextMicroseconds();
        await storage.InsertAsync("memory_shares", cancellationToken,
            ("id", id), ("user_id", owner.UserId), ("type", type), ("metadata_cipher", name.Box), ("metadata_nonce", name.Nonce),
            ("mem_enc_key", wrapped.Box), ("mem_key_decryption_nonce", wrapped.Nonce), ("access_token", random.Secret(8)),
            ("created_at", now), ("updated_at", now));
        owner.Memories.Add(id, $"{type} {metadata["name"]}");
        foreach (var (position, file) in files.Index())
        {
            var fileKey = seal.Box(file.Key.Bytes, key);
            await storage.InsertAsync("memory_share_files", cancellationToken,
                ("id", nextMemoryFile++), ("memory_share_id", id), ("file_id", file.Id), ("file_owner_id", file.Owner.UserId),
                ("position", (long)position),
                ("file_enc_key", fileKey.Box), ("file_key_decryption_nonce", fileKey.Nonce), ("created_at", now));
        }

        return id;
    }

    public async Task EndMemoryAsync(long id, SamplePerson owner, CancellationToken cancellationToken)
    {
        await storage.ExecuteAsync("UPDATE memory_shares SET is_deleted = true WHERE id = $1", cancellationToken, id);
        owner.Memories.Remove(id);
    }

    /// <summary>As links to files were before Locker: the file's key is at the end of the link, so the row has nothing of it.</summary>
    public Task AddOldFileLinkAsync(SampleFile file, CancellationToken cancellationToken) =>
        storage.InsertAsync("public_file_tokens", cancellationToken,
        ("id", random.Id("pft")), ("file_id", file.Id), ("owner_id", file.Owner.UserId), ("app", "photos"),
        ("access_token", random.Secret(8)));

    public async Task AddFileLinkAsync(SampleFile file, CancellationToken cancellationToken)
    {
        var (secret, salt) = (Encoding.ASCII.GetBytes(random.Secret(12)), random.Bytes(Argon2id.SaltBytes));
        using var key = Argon2id.Derive(secret, salt, Operations, MemoryBytes);
        var fileKey = seal.Box(file.Key.Bytes, key);
        // The apps seal the secret's Base64, not the secret.
        var sealedSecret = SealedBox.Seal(Encoding.ASCII.GetBytes(Convert.ToBase64String(secret)), file.Owner.PublicKey);
        await storage.InsertAsync("public_file_tokens", cancellationToken,
            ("id", random.Id("pft")), ("file_id", file.Id), ("owner_id", file.Owner.UserId), ("app", "locker"),
            ("access_token", random.Secret(8)),
            ("encrypted_file_key", fileKey.Box), ("encrypted_file_key_nonce", fileKey.Nonce),
            ("encrypted_share_key", Convert.ToBase64String(sealedSecret)),
            ("kdf_nonce", Convert.ToBase64String(salt)), ("kdf_mem_limit", MemoryBytes), ("kdf_ops_limit", (long)Operations));
        file.Owner.LinkedFiles.Add(file.Id);
    }
}

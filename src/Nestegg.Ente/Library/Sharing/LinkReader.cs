using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Nestegg.Ente.Accounts;
using Nestegg.Ente.Cryptography;
using Nestegg.Ente.Database;
using Nestegg.Ente.Json;

namespace Nestegg.Ente.Library;

/// <summary>Reads the links to memories and single files that a person made.</summary>
internal sealed class LinkReader(EnteRows rows)
{
    /// <inheritdoc cref="LibraryReader.MemorySharesAsync"/>
    /// <remarks>
    /// Ente: mobile/apps/photos/lib/services/memory_share_service.dart. The secret at the end of a link is kept under the person's key of
    /// type <c>memory</c>; its SHA-256 is the key of the link's name and, once more wrapped, of its files.
    /// </remarks>
    internal async IAsyncEnumerable<MemoryShare> MemorySharesAsync(
        long userId, KeyChain keys, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (!rows.Catalog.HasTable("memory_shares") || !rows.Catalog.HasTable("memory_share_files") || !rows.Catalog.HasTable("entity_key"))
        {
            yield break;
        }

        using var byType = await EntityKey.ReadAsync(rows, userId, keys, cancellationToken);
        var key = EntityKey.Of("memory", byType);
        var files = await SharedKeysAsync(userId, cancellationToken);
        var shares = $"""
            SELECT id, type, mem_enc_key, mem_key_decryption_nonce, metadata_cipher, metadata_nonce FROM memory_shares
            WHERE user_id = {userId} AND NOT COALESCE(is_deleted, false) ORDER BY id
            """;
        await foreach (var row in rows.ReadAsync(shares, cancellationToken))
        {
            var id = row.GetInt64(0);
            yield return SealedText.TryOpen(row.Text(2), row.Text(3), key, out var secret)
                ? OpenShare(id, row.GetString(1), secret, (row.Text(4), row.Text(5)), [.. files[id]])
                : new MemoryShare(id, row.GetString(1), null, default, [], new LibraryProblem(
                    "memory-share-damaged", "the secret of the link to a memory does not open", IsFatal: true));
        }
    }

    /// <inheritdoc cref="LibraryReader.FileLinksAsync"/>
    /// <remarks>
    /// Ente: mobile/apps/locker/lib/services/files/links. A link's secret is sealed to the person; it gives, as a password does, the key of
    /// the file's key.
    /// </remarks>
    internal async IAsyncEnumerable<SharedFileLink> FileLinksAsync(
        long userId, KeyChain keys, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (!rows.Catalog.HasColumn("public_file_tokens", "encrypted_share_key"))
        {
            yield break;
        }

        var links = $"""
            SELECT id, file_id, encrypted_share_key, encrypted_file_key, encrypted_file_key_nonce, kdf_nonce, kdf_ops_limit, kdf_mem_limit FROM public_file_tokens
            WHERE owner_id = {userId} AND NOT is_disabled AND encrypted_share_key IS NOT NULL ORDER BY id
            """;
        await foreach (var row in rows.ReadAsync(links, cancellationToken))
        {
            var secret = OpenLinkSecret(row.Text(2), keys);
            var problem = secret is null
                ? new LibraryProblem("file-link-damaged", "the secret of the link to a file does not open", IsFatal: true)
                : OpensFileKey(secret, WrappedKey.Read(row.Text(3), row.Text(4)), row.Text(5), row.Integer(6) ?? 0, row.Integer(7) ?? 0)
                    ? null
                : new LibraryProblem("file-link-wrong", "the secret of the link to a file does not open the file's key");
            yield return new SharedFileLink(row.GetString(0), row.GetInt64(1), secret, problem);
        }
    }

    private async Task<ILookup<long, (long FileId, WrappedKey? Key)>> SharedKeysAsync(long userId, CancellationToken cancellationToken)
    {
        var shared = new List<(long Share, long FileId, WrappedKey? Key)>();
        var files = $"""
            SELECT f.memory_share_id, f.file_id, f.file_enc_key, f.file_key_decryption_nonce FROM memory_share_files f JOIN memory_shares s ON s.id = f.memory_share_id
            WHERE s.user_id = {userId} AND NOT COALESCE(s.is_deleted, false) ORDER BY f.memory_share_id, f.position
            """;
        await foreach (var row in rows.ReadAsync(files, cancellationToken))
        {
            shared.Add((row.GetInt64(0), row.GetInt64(1), WrappedKey.Read(row.Text(2), row.Text(3))));
        }

        return shared.ToLookup(row => row.Share, row => (row.FileId, row.Key));
    }

    private static MemoryShare OpenShare(
        long id, string type, string secret, (string? Box, string? Nonce) metadata, List<(long FileId, WrappedKey? Key)> files)
    {
        using var key = SecretKey.Empty();
        SHA256.HashData(Encoding.UTF8.GetBytes(secret), key.Writable);
        var json = default(JsonElement);
        var isNamed = metadata.Box is null
            || (StandardBase64.TryDecode(metadata.Box, out var box) && StandardBase64.TryDecode(metadata.Nonce, out var nonce)
            && SecretBox.TryOpen(box, nonce, key, out var plaintext)
            && Compressed.TryExpand(plaintext, out var expanded)
            && LenientJson.TryParse(expanded, out json));
        var unopened = files.Count(file => !file.Key.Opens(key));
        var problem = unopened > 0 ? new LibraryProblem(
            "memory-share-key-wrong", $"of {Counted.Of(files.Count, "file")} of the link to a memory, {Counted.Of(unopened, "does", "do")} not open")
            : isNamed ? null : new LibraryProblem("memory-share-name-damaged", "the name of the link to a memory does not open");
        return new MemoryShare(id, type, secret, json, files.ConvertAll(file => file.FileId), problem);
    }

    private static string? OpenLinkSecret(string? box, KeyChain keys) =>
        keys.SecretKey is { } secretKey && StandardBase64.TryDecode(box, out var sealedText)
        && SealedBox.TryOpen(sealedText, keys.PublicKey, secretKey, out var base64)
        && StandardBase64.TryDecode(Encoding.UTF8.GetString(base64), out var secret)
            ? Encoding.UTF8.GetString(secret)
            : null;

    private static bool OpensFileKey(string secret, WrappedKey? fileKey, string? salt, long operations, long memoryBytes)
    {
        if (!StandardBase64.TryDecode(salt, Argon2id.SaltBytes, out var saltBytes) || !Argon2id.AreLimitsUsable(operations, memoryBytes))
        {
            return false;
        }

        using var key = Argon2id.Derive(Encoding.UTF8.GetBytes(secret), saltBytes, operations, memoryBytes);
        return fileKey.Opens(key);
    }
}

using System.Text;
using System.Text.Json.Nodes;
using Nestegg.Ente.Cryptography;
using Nestegg.Ente.Library;
using Nestegg.Ente.Objects;
using Nestegg.Proof;
using Nestegg.Repositories.Proofs;
using Nestegg.TestKit.Instances;

namespace Nestegg.Tests.Proof;

/// <summary>Damage in every layer: found, named rightly, and everything else is still proved.</summary>
public sealed class DamageTests(KnownInstances instances)
{
    private const int Chunk = SecretStream.EncryptedChunkBytes;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InstanceData]
    public async Task A_flipped_byte_that_the_bucket_had_is_named_with_its_chunk(string name)
    {
        var instance = await FirstAsync(name);
        var key = instance.Largest();
        await using var opened = await OpenedInstance.OpenAsync(instance, change: Only(key, bytes => Flip(bytes, Chunk + 1000)));
        var finding = await OneFileFailsAsync(opened, "original-damaged");
        Assert.Contains($"{key} in objects/", finding.Message);
        Assert.Contains($"chunk 2 (at byte {Chunk}) is damaged; the chunks before it are in order", finding.Message);
        Assert.Contains("byte for byte what the backup read", finding.Message);
    }

    [Theory]
    [InstanceData]
    public async Task A_flipped_byte_in_the_repository_is_told_apart_from_one_in_the_bucket(string name)
    {
        var instance = await FirstAsync(name);
        await using var opened = await OpenedInstance.OpenAsync(instance);
        await opened.DamageStoredAsync(instance.Largest(), bytes => Flip(bytes, 1000));
        var finding = await OneFileFailsAsync(opened, "original-damaged");
        Assert.Contains("its key is right", finding.Message);
        Assert.Contains("the copy is no longer what the backup read", finding.Message);
    }

    [Theory]
    [InstanceData]
    public async Task A_cut_at_a_chunk_boundary_is_a_cut(string name)
    {
        var instance = await FirstAsync(name);
        await using var opened = await OpenedInstance.OpenAsync(instance, change: Only(instance.Largest(), bytes => bytes[..(2 * Chunk)]));
        var finding = await OneFileFailsAsync(opened, "original-cut");
        Assert.Contains("ends after chunk 2", finding.Message);
        Assert.Contains($"the database says {instance.SizeOf(instance.Largest()):N0} bytes, the snapshot holds 8,388,642", finding.Message);
    }

    [Theory]
    [InstanceData]
    public async Task A_cut_inside_a_chunk_in_the_repository_is_found(string name)
    {
        var instance = await FirstAsync(name);
        await using var opened = await OpenedInstance.OpenAsync(instance);
        await opened.DamageStoredAsync(instance.Largest(), bytes => bytes[..^500]);
        Assert.Contains("the copy is no longer what the backup read", (await OneFileFailsAsync(opened, "original-damaged")).Message);
    }

    [Theory]
    [InstanceData]
    public async Task A_stream_that_lacks_its_final_tag_is_cut_although_its_length_is_right(string name)
    {
        var instance = await FirstAsync(name);
        var key = instance.Largest();
        var (stream, header) = await SealAgainAsync(instance, key, (encryptor, plain, into) => encryptor.Encrypt(plain, isLast: false, into));
        await using var opened = await OpenedInstance.OpenAsync(instance, change: Only(key, _ => stream));
        opened.Execute("UPDATE files SET file_decryption_header = $0 WHERE file_id = (SELECT file_id FROM object_keys WHERE object_key = $1)", header, key);
        var finding = await OneFileFailsAsync(opened, "original-cut");
        Assert.Contains("which is not marked as the last", finding.Message);
        Assert.DoesNotContain("the database says", finding.Message);
    }

    [Theory]
    [InstanceData(1)]
    [InstanceData(5_000_000)]
    public async Task Appended_bytes_are_found(string name, int count)
    {
        var instance = await FirstAsync(name);
        await using var opened = await OpenedInstance.OpenAsync(instance, change: Only(instance.Largest(), bytes => [.. bytes, .. new byte[count]]));
        Assert.Contains($"the database says {instance.SizeOf(instance.Largest()):N0} bytes", (await OneFileFailsAsync(opened, "original-longer")).Message);
        await using var stored = await OpenedInstance.OpenAsync(instance);
        await stored.DamageStoredAsync(instance.Largest(), bytes => [.. bytes, .. new byte[count]]);
        Assert.Contains("the copy is no longer what the backup read", (await OneFileFailsAsync(stored, "original-damaged")).Message);
    }

    [Theory]
    [InstanceData]
    public async Task Bytes_after_a_full_last_chunk_are_named_as_such(string name)
    {
        var instance = await FirstAsync(name);
        var key = instance.Largest();
        var (stream, header) = await SealAgainAsync(instance, key, (encryptor, plain, into) => encryptor.Encrypt(plain, isLast: true, into), chunks: 1);
        await using var opened = await OpenedInstance.OpenAsync(instance, change: Only(key, _ => [.. stream, 1, 2, 3]));
        opened.Execute("UPDATE files SET file_decryption_header = $0 WHERE file_id = (SELECT file_id FROM object_keys WHERE object_key = $1)", header, key);
        opened.Execute("UPDATE object_keys SET size = $0 WHERE object_key = $1", stream.Length + 3, key);
        Assert.Contains($"bytes follow the last chunk (from byte {Chunk})", (await OneFileFailsAsync(opened, "original-longer")).Message);
    }

    [Theory]
    [InstanceData]
    public async Task Two_objects_that_changed_places_are_both_named(string name)
    {
        var instance = await FirstAsync(name);
        var (first, second) = (instance.Largest(), instance.Largest(2));
        var bytes = new[] { first, second }.ToDictionary(key => key, key => File.ReadAllBytes(instance.Paths[key]));
        await using var opened = await OpenedInstance.OpenAsync(instance, change: (key, own) => key == first ? bytes[second] : key == second ? bytes[first] : own);
        var record = await opened.ProveAsync();
        Assert.Equal(2, record.Counts.FilesNotProved);
        Assert.All(opened.Errors, finding => Assert.Contains("its key is right (its description opens), so the bytes or their header are not its own", finding.Message));
        Assert.Equal(["original-cut", "original-longer"], opened.Errors.Select(finding => finding.Code).Order());
    }

    [Theory]
    [InstanceData]
    public async Task Another_file_s_key_in_the_album_s_row_is_told_apart_from_damaged_bytes(string name)
    {
        var instance = await FirstAsync(name);
        await using var opened = await OpenedInstance.OpenAsync(instance);
        var files = (await opened.FilesAsync()).Where(file => file is { HasContent: true, Albums.Count: 1 }).GroupBy(file => file.Albums[0].Id).First(group => group.Count() > 1).ToList();
        opened.Execute(
            "UPDATE collection_files SET (encrypted_key, key_decryption_nonce) = (SELECT encrypted_key, key_decryption_nonce FROM collection_files WHERE file_id = $0) WHERE file_id = $1",
            files[0].Id, files[1].Id);
        var record = await opened.ProveAsync();
        Assert.Equal(1, record.Counts.FilesNotProved);
        Assert.All(opened.Errors, finding => Assert.StartsWith($"file {files[1].Id}", finding.Subject));
        Assert.Subset(opened.Errors.Select(finding => finding.Code).ToHashSet(), new HashSet<string> { "metadata-damaged", "original-damaged", "thumbnail-damaged" });
        Assert.Contains("the key in its album's row may be that of another file", opened.Errors.First(finding => finding.Code == "original-damaged").Message);
    }

    [Theory]
    [InstanceData]
    public async Task A_damaged_key_row_closes_one_file_and_no_other(string name)
    {
        var instance = await FirstAsync(name);
        await using var opened = await OpenedInstance.OpenAsync(instance);
        var file = (await opened.FilesAsync()).First(file => file.Albums.Count == 1);
        opened.Execute("UPDATE collection_files SET encrypted_key = substr(encrypted_key, 5) WHERE file_id = $0", file.Id);
        Assert.Equal($"file {file.Id}", (await OneFileFailsAsync(opened, "file-key-wrong")).Subject);
    }

    [Theory]
    [InstanceData]
    public async Task Another_file_s_header_is_found(string name)
    {
        var instance = await FirstAsync(name);
        await using var opened = await OpenedInstance.OpenAsync(instance);
        var files = (await opened.FilesAsync()).Where(file => file.HasContent).Take(2).ToList();
        opened.Execute("UPDATE files SET file_decryption_header = (SELECT file_decryption_header FROM files WHERE file_id = $0) WHERE file_id = $1", files[0].Id, files[1].Id);
        var finding = await OneFileFailsAsync(opened, "original-damaged");
        Assert.Equal($"file {files[1].Id}", finding.Subject);
        Assert.Contains("so the bytes or their header are not its own; the copy is byte for byte what the backup read", finding.Message);
    }

    [Theory]
    [InstanceData("encrypted_metadata = substr(encrypted_metadata, 1, 40)", "metadata-damaged")]
    [InstanceData("pub_magic_metadata = '{\"data\":\"AAAA\",\"header\":\"AAAA\"}'", "magic-metadata-damaged")]
    [InstanceData("magic_metadata = 'no json'", "magic-metadata-damaged")]
    [InstanceData("file_decryption_header = 'AAAA'", "file-header-damaged")]
    [InstanceData("thumbnail_decryption_header = 'AAAA'", "thumbnail-header-damaged")]
    public async Task A_damaged_column_is_named(string name, string change, string code)
    {
        var instance = await FirstAsync(name);
        await using var opened = await OpenedInstance.OpenAsync(instance);
        var file = (await opened.FilesAsync()).First(file => file.HasContent && file.OwnerId == instance[Role.Owner].UserId);
        opened.Execute($"UPDATE files SET {change} WHERE file_id = {file.Id}");
        Assert.Equal($"file {file.Id}", (await OneFileFailsAsync(opened, code)).Subject);
    }

    [Theory]
    [InstanceData]
    public async Task Content_that_is_not_what_the_app_recorded_is_found_although_it_decrypts(string name)
    {
        var instance = await FirstAsync(name);
        await using var opened = await OpenedInstance.OpenAsync(instance);
        var file = (await opened.FilesAsync()).First(file => file.Type == FileType.Image);
        Rewrite(opened, file, json => json["hash"] = Convert.ToBase64String(new byte[64]));
        Assert.Contains("its app recorded AAAA", (await OneFileFailsAsync(opened, "hash-mismatch")).Message);
    }

    [Theory]
    [InstanceData(0, "picture")]
    [InstanceData(1, "video")]
    public async Task A_live_photo_is_compared_part_by_part(string name, int part, string partName)
    {
        var instance = await FirstAsync(name);
        await using var opened = await OpenedInstance.OpenAsync(instance);
        var file = (await opened.FilesAsync()).First(file => file.Type == FileType.LivePhoto);
        Rewrite(opened, file, json =>
        {
            var hashes = json["hash"]!.GetValue<string>().Split(':');
            hashes[part] = Convert.ToBase64String(new byte[64]);
            json["hash"] = string.Join(':', hashes);
        });
        Assert.Contains($"the {partName} of the live photo", (await OneFileFailsAsync(opened, "hash-mismatch")).Message);
    }

    [Theory]
    [InstanceData]
    public async Task Files_without_a_usable_hash_are_counted_apart(string name)
    {
        var instance = await FirstAsync(name);
        await using var opened = await OpenedInstance.OpenAsync(instance);
        var files = (await opened.FilesAsync()).Where(file => file.Type == FileType.Image).Take(2).ToList();
        Rewrite(opened, files[0], json => json.Remove("hash"));
        Rewrite(opened, files[1], json => json["hash"] = "none");
        var record = await opened.ProveAsync();
        Assert.Equal((ProofVerdict.Proved, 2L, 0L), (record.Verdict, record.Counts.FilesWithoutHash, record.Counts.Errors));
        Assert.Equal("hash-unreadable", Assert.Single(opened.Findings).Code);
    }

    [Theory]
    [InstanceData]
    public async Task A_thumbnail_that_was_lost_before_the_backup_is_named(string name)
    {
        var instance = await FirstAsync(name);
        await using var opened = await OpenedInstance.OpenAsync(instance);
        var thumbnail = (await opened.FilesAsync()).First(file => file.HasContent).Thumbnail!.Value;
        await using var lost = await OpenedInstance.OpenAsync(instance, change: (key, bytes) => key == thumbnail.Key ? null : bytes);
        Assert.Contains($"the snapshot does not hold its thumbnail, {thumbnail.Key}", (await OneFileFailsAsync(lost, "object-missing")).Message);
    }

    [Theory]
    [InstanceData]
    public async Task A_pack_that_is_gone_takes_what_is_in_it_and_nothing_else(string name)
    {
        var instance = await FirstAsync(name);
        await using var opened = await OpenedInstance.OpenAsync(instance);
        var files = await opened.FilesAsync();
        await opened.DamageStoredAsync(files.First(file => file.HasContent).Thumbnail!.Value.Key, _ => null);
        var record = await opened.ProveAsync();
        Assert.Equal(ProofVerdict.NotProved, record.Verdict);
        Assert.True(opened.Errors.Count(finding => finding.Code == "object-unreadable") > 20);
        Assert.All(opened.Errors, finding => Assert.Contains("is missing from", finding.Message));
        Assert.InRange(record.Counts.DecryptedBytes, instance[Role.Owner].Files.Max(file => file.SizeBytes), long.MaxValue);
    }

    [Theory]
    [InstanceData]
    public async Task Derived_data_that_is_damaged_is_a_warning_and_the_file_is_proved(string name)
    {
        var instance = await FirstAsync(name);
        await using var opened = await OpenedInstance.OpenAsync(instance, change: (key, bytes) => key.Contains("/file-data/") ? Flip(bytes, bytes.Length / 2) : bytes);
        var record = await opened.ProveAsync();
        Assert.Equal((ProofVerdict.Proved, 0L, 0L), (record.Verdict, record.Counts.Errors, record.Counts.FilesNotProved));
        Assert.Equal((instance[Role.Owner].Counts.DerivedObjects, 0L), (record.Counts.DerivedProblems, record.Counts.DerivedObjects));
        Assert.All(opened.Findings, finding => Assert.Equal("derived-object-damaged", finding.Code));
    }

    [Theory]
    [InstanceData]
    public async Task A_video_preview_is_decrypted_with_the_key_of_its_playlist(string name)
    {
        var instance = await FirstAsync(name);
        var key = instance.Objects.Single(found => found.Key.Contains("/vid_preview/") && !found.Key.EndsWith("_playlist", StringComparison.Ordinal)).Key;
        await using var opened = await OpenedInstance.OpenAsync(instance, change: Only(key, bytes => Flip(bytes, 0)));
        var record = await opened.ProveAsync();
        Assert.Equal((instance[Role.Owner].Counts.DerivedObjects - 1L, 1L), (record.Counts.DerivedObjects, record.Counts.DerivedProblems));
        Assert.Contains("segment 1 does not decrypt", Assert.Single(opened.Findings).Message);
        await using var stored = await OpenedInstance.OpenAsync(instance);
        var row = stored.Snapshot.Find(key);
        // Not in the first byte of a packet, which is the one that shows when a transport stream is none.
        await stored.DamageStoredAsync(key, bytes => Flip(bytes, (int)(row!.Value.Offset + (row.Value.SizeBytes / 2 / 188 * 188) + 100)));
        await stored.ProveAsync();
        Assert.Contains(stored.Findings, finding => finding.Code == "derived-object-damaged" && finding.Message.Contains("should hash to"));
    }

    [Theory]
    [InstanceData("UPDATE collections SET encrypted_name = 'AAAA' WHERE collection_id = (SELECT MIN(collection_id) FROM collections)", "album-name-damaged", "album ")]
    [InstanceData("UPDATE authenticator_entity SET encrypted_data = substr(encrypted_data, 1, 20) WHERE rowid = (SELECT MIN(rowid) FROM authenticator_entity WHERE NOT is_deleted AND user_id = {owner})", "auth-code-damaged", "code ")]
    [InstanceData("UPDATE entity_data SET header = substr(header, 5) WHERE rowid = (SELECT MIN(rowid) FROM entity_data WHERE NOT is_deleted AND user_id = {owner})", "entity-damaged", "entry ")]
    [InstanceData("UPDATE comments SET nonce = substr(nonce, 5) WHERE rowid = (SELECT MIN(rowid) FROM comments)", "comment-damaged", "comment ")]
    [InstanceData("UPDATE reactions SET cipher = substr(cipher, 5) WHERE rowid = (SELECT MIN(rowid) FROM reactions)", "reaction-damaged", "reaction ")]
    public async Task What_is_not_a_file_is_named_too(string name, string change, string code, string subject)
    {
        var instance = await FirstAsync(name);
        await using var opened = await OpenedInstance.OpenAsync(instance);
        opened.Execute(change.Replace("{owner}", $"{instance[Role.Owner].UserId}", StringComparison.Ordinal));
        var record = await opened.ProveAsync();
        Assert.Equal((ProofVerdict.NotProved, 0L), (record.Verdict, record.Counts.FilesNotProved));
        var finding = Assert.Single(opened.Errors);
        Assert.Equal(code, finding.Code);
        Assert.StartsWith(subject, finding.Subject);
    }

    [Theory]
    [InstanceData]
    public async Task A_recovery_key_that_somebody_entrusted_and_that_does_not_open_is_named(string name)
    {
        var instance = await FirstAsync(name);
        await using var opened = await OpenedInstance.OpenAsync(instance, Role.Sharee);
        Assert.Equal(1, (await opened.ProveAsync()).Counts.EntrustedAccounts);
        opened.Execute("UPDATE emergency_contact SET encrypted_key = substr(encrypted_key, 5)");
        Assert.Equal(ProofVerdict.NotProved, (await opened.ProveAsync()).Verdict);
        Assert.Equal("entrusted-key-damaged", Assert.Single(opened.Errors).Code);
    }

    /// <summary>Proves, expects exactly one file to fail with one finding, and all others to be proved.</summary>
    private static async Task<Finding> OneFileFailsAsync(OpenedInstance opened, string code)
    {
        var record = await opened.ProveAsync();
        var finding = Assert.Single(opened.Errors);
        Assert.Equal(code, finding.Code);
        Assert.Equal((ProofVerdict.NotProved, 1L, record.Counts.Files - 1), (record.Verdict, record.Counts.FilesNotProved, record.Counts.FilesProved));
        return finding;
    }

    private async Task<KnownMoment> FirstAsync(string name) => (await instances.OpenAsync(name, Token))["t1"];

    private static Func<string, byte[], byte[]?> Only(string damaged, Func<byte[], byte[]> change) => (key, bytes) => key == damaged ? change(bytes) : bytes;

    private static byte[] Flip(byte[] bytes, int at)
    {
        bytes[at] ^= 1;
        return bytes;
    }

    /// <summary>Writes a file's description anew under its own key.</summary>
    private static void Rewrite(OpenedInstance opened, LibraryFile file, Action<JsonObject> change)
    {
        var json = JsonNode.Parse(file.Metadata!.Json.GetRawText())!.AsObject();
        change(json);
        var blob = SecretStream.Seal(Encoding.UTF8.GetBytes(json.ToJsonString()), file.Key!, out var header);
        opened.Execute(
            "UPDATE files SET encrypted_metadata = $0, metadata_decryption_header = $1 WHERE file_id = $2", Convert.ToBase64String(blob), Convert.ToBase64String(header), file.Id);
    }

    private delegate void Seal(SecretStreamEncryptor encryptor, ReadOnlySpan<byte> plaintext, Span<byte> into);

    /// <summary>Encrypts a file's content again under its key, the last chunk as the test wants it.</summary>
    private static async Task<(byte[] Stream, string Header)> SealAgainAsync(KnownMoment instance, string key, Seal last, int chunks = int.MaxValue)
    {
        await using var opened = await OpenedInstance.OpenAsync(instance);
        var file = (await opened.FilesAsync()).Single(file => file.Content?.Key == key);
        using var plain = new MemoryStream();
        await using (var encrypted = await opened.Snapshot.OpenObjectAsync(key, Token))
        {
            Assert.Null(await SecretStreamDecryptor.DecryptAsync(encrypted!, file.Key!, file.ContentHeader, plain.WriteAsync, Token));
        }

        using var encryptor = new SecretStreamEncryptor(file.Key!);
        var header = Convert.ToBase64String(encryptor.Header.Span);
        using var stream = new MemoryStream();
        var pieces = plain.ToArray().Chunk(SecretStream.ChunkBytes).Take(chunks).ToList();
        foreach (var (i, piece) in pieces.Index())
        {
            var into = new byte[piece.Length + SecretStream.OverheadBytes];
            if (i < pieces.Count - 1) encryptor.Encrypt(piece, isLast: false, into);
            else last(encryptor, piece, into);
            stream.Write(into);
        }

        return (stream.ToArray(), header);
    }
}

using System.Text;
using System.Text.Json.Nodes;
using Nestegg.Ente.Cryptography;
using Nestegg.Ente.Library;
using Nestegg.Ente.Objects;
using Nestegg.Proof;
using Nestegg.TestKit;

namespace Nestegg.Tests.Proof;

/// <summary>Damage in every layer: found, named rightly, and everything else is still proved.</summary>
public sealed class DamageTests
{
    private const int Chunk = SecretStream.EncryptedChunkBytes;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_flipped_byte_that_the_bucket_had_is_named_with_its_chunk()
    {
        var key = Largest();
        await using var family = await OpenedFamily.OpenAsync(change: Only(key, bytes => Flip(bytes, Chunk + 1000)));
        var finding = await OneFileFailsAsync(family, "original-damaged");
        Assert.Contains($"{key} in objects/", finding.Message);
        Assert.Contains($"chunk 2 (at byte {Chunk}) is damaged; the chunks before it are in order", finding.Message);
        Assert.Contains("byte for byte what the backup read", finding.Message);
    }

    [Fact]
    public async Task A_flipped_byte_in_the_repository_is_told_apart_from_one_in_the_bucket()
    {
        await using var family = await OpenedFamily.OpenAsync();
        await family.DamageStoredAsync(Largest(), bytes => Flip(bytes, 1000));
        var finding = await OneFileFailsAsync(family, "original-damaged");
        Assert.Contains("its key is right", finding.Message);
        Assert.Contains("the copy is no longer what the backup read", finding.Message);
    }

    [Fact]
    public async Task A_cut_at_a_chunk_boundary_is_a_cut()
    {
        await using var family = await OpenedFamily.OpenAsync(change: Only(Largest(), bytes => bytes[..(2 * Chunk)]));
        var finding = await OneFileFailsAsync(family, "original-cut");
        Assert.Contains("ends after chunk 2", finding.Message);
        Assert.Contains("the database says 22,253,246 bytes, the snapshot holds 8,388,642", finding.Message);
    }

    [Fact]
    public async Task A_cut_inside_a_chunk_in_the_repository_is_found()
    {
        await using var family = await OpenedFamily.OpenAsync();
        await family.DamageStoredAsync(Largest(), bytes => bytes[..^500]);
        Assert.Contains("the copy is no longer what the backup read", (await OneFileFailsAsync(family, "original-damaged")).Message);
    }

    [Fact]
    public async Task A_stream_that_lacks_its_final_tag_is_cut_although_its_length_is_right()
    {
        var key = Largest();
        var (stream, header) = await SealAgainAsync(key, (encryptor, plain, into) => encryptor.Encrypt(plain, isLast: false, into));
        await using var family = await OpenedFamily.OpenAsync(change: Only(key, _ => stream));
        family.Execute("UPDATE files SET file_decryption_header = $0 WHERE file_id = (SELECT file_id FROM object_keys WHERE object_key = $1)", header, key);
        var finding = await OneFileFailsAsync(family, "original-cut");
        Assert.Contains("which is not marked as the last", finding.Message);
        Assert.DoesNotContain("the database says", finding.Message);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(5_000_000)]
    public async Task Appended_bytes_are_found(int count)
    {
        await using var family = await OpenedFamily.OpenAsync(change: Only(Largest(), bytes => [.. bytes, .. new byte[count]]));
        Assert.Contains("the database says 22,253,246 bytes", (await OneFileFailsAsync(family, "original-longer")).Message);
        await using var stored = await OpenedFamily.OpenAsync();
        await stored.DamageStoredAsync(Largest(), bytes => [.. bytes, .. new byte[count]]);
        Assert.Contains("the copy is no longer what the backup read", (await OneFileFailsAsync(stored, "original-damaged")).Message);
    }

    [Fact]
    public async Task Bytes_after_a_full_last_chunk_are_named_as_such()
    {
        var key = Largest();
        var (stream, header) = await SealAgainAsync(key, (encryptor, plain, into) => encryptor.Encrypt(plain, isLast: true, into), chunks: 1);
        await using var family = await OpenedFamily.OpenAsync(change: Only(key, _ => [.. stream, 1, 2, 3]));
        family.Execute("UPDATE files SET file_decryption_header = $0 WHERE file_id = (SELECT file_id FROM object_keys WHERE object_key = $1)", header, key);
        family.Execute("UPDATE object_keys SET size = $0 WHERE object_key = $1", stream.Length + 3, key);
        Assert.Contains($"bytes follow the last chunk (from byte {Chunk})", (await OneFileFailsAsync(family, "original-longer")).Message);
    }

    [Fact]
    public async Task Two_objects_that_changed_places_are_both_named()
    {
        var (first, second) = (Largest(), Largest(2));
        var bytes = FixtureFolder.Objects("t1").ToDictionary(found => found.Key, found => File.ReadAllBytes(found.FilePath));
        await using var family = await OpenedFamily.OpenAsync(change: (key, own) => key == first ? bytes[second] : key == second ? bytes[first] : own);
        var record = await family.ProveAsync();
        Assert.Equal(2, record.Counts.FilesNotProved);
        Assert.All(family.Errors, finding => Assert.Contains("its key is right (its description opens), so the bytes or their header are not its own", finding.Message));
        Assert.Equal(["original-cut", "original-longer"], family.Errors.Select(finding => finding.Code).Order());
    }

    [Fact]
    public async Task Another_file_s_key_in_the_album_s_row_is_told_apart_from_damaged_bytes()
    {
        await using var family = await OpenedFamily.OpenAsync();
        var files = (await family.FilesAsync()).Where(file => file is { HasContent: true, Albums.Count: 1 }).GroupBy(file => file.Albums[0].Id).First(group => group.Count() > 1).ToList();
        family.Execute(
            "UPDATE collection_files SET (encrypted_key, key_decryption_nonce) = (SELECT encrypted_key, key_decryption_nonce FROM collection_files WHERE file_id = $0) WHERE file_id = $1",
            files[0].Id, files[1].Id);
        var record = await family.ProveAsync();
        Assert.Equal(1, record.Counts.FilesNotProved);
        Assert.All(family.Errors, finding => Assert.StartsWith($"file {files[1].Id}", finding.Subject));
        Assert.Subset(family.Errors.Select(finding => finding.Code).ToHashSet(), new HashSet<string> { "metadata-damaged", "original-damaged", "thumbnail-damaged" });
        Assert.Contains("the key in its album's row may be that of another file", family.Errors.First(finding => finding.Code == "original-damaged").Message);
    }

    [Fact]
    public async Task A_damaged_key_row_closes_one_file_and_no_other()
    {
        await using var family = await OpenedFamily.OpenAsync();
        var file = (await family.FilesAsync()).First(file => file.Albums.Count == 1);
        family.Execute("UPDATE collection_files SET encrypted_key = substr(encrypted_key, 5) WHERE file_id = $0", file.Id);
        Assert.Equal($"file {file.Id}", (await OneFileFailsAsync(family, "file-key-wrong")).Subject);
    }

    [Fact]
    public async Task Another_file_s_header_is_found()
    {
        await using var family = await OpenedFamily.OpenAsync();
        var files = (await family.FilesAsync()).Where(file => file.HasContent).Take(2).ToList();
        family.Execute("UPDATE files SET file_decryption_header = (SELECT file_decryption_header FROM files WHERE file_id = $0) WHERE file_id = $1", files[0].Id, files[1].Id);
        var finding = await OneFileFailsAsync(family, "original-damaged");
        Assert.Equal($"file {files[1].Id}", finding.Subject);
        Assert.Contains("so the bytes or their header are not its own; the copy is byte for byte what the backup read", finding.Message);
    }

    [Theory]
    [InlineData("encrypted_metadata = substr(encrypted_metadata, 1, 40)", "metadata-damaged")]
    [InlineData("pub_magic_metadata = '{\"data\":\"AAAA\",\"header\":\"AAAA\"}'", "magic-metadata-damaged")]
    [InlineData("magic_metadata = 'no json'", "magic-metadata-damaged")]
    [InlineData("file_decryption_header = 'AAAA'", "file-header-damaged")]
    [InlineData("thumbnail_decryption_header = 'AAAA'", "thumbnail-header-damaged")]
    public async Task A_damaged_column_is_named(string change, string code)
    {
        await using var family = await OpenedFamily.OpenAsync();
        var file = (await family.FilesAsync()).First(file => file.HasContent && file.OwnerId == FamilyAccount.Of("t1", FamilyAccount.Alice).UserId);
        family.Execute($"UPDATE files SET {change} WHERE file_id = {file.Id}");
        Assert.Equal($"file {file.Id}", (await OneFileFailsAsync(family, code)).Subject);
    }

    [Fact]
    public async Task Content_that_is_not_what_the_app_recorded_is_found_although_it_decrypts()
    {
        await using var family = await OpenedFamily.OpenAsync();
        var file = (await family.FilesAsync()).First(file => file.Type == FileType.Image);
        Rewrite(family, file, json => json["hash"] = Convert.ToBase64String(new byte[64]));
        Assert.Contains("its app recorded AAAA", (await OneFileFailsAsync(family, "hash-mismatch")).Message);
    }

    [Theory]
    [InlineData(0, "picture")]
    [InlineData(1, "video")]
    public async Task A_live_photo_is_compared_part_by_part(int part, string name)
    {
        await using var family = await OpenedFamily.OpenAsync();
        var file = (await family.FilesAsync()).First(file => file.Type == FileType.LivePhoto);
        Rewrite(family, file, json =>
        {
            var hashes = json["hash"]!.GetValue<string>().Split(':');
            hashes[part] = Convert.ToBase64String(new byte[64]);
            json["hash"] = string.Join(':', hashes);
        });
        Assert.Contains($"the {name} of the live photo", (await OneFileFailsAsync(family, "hash-mismatch")).Message);
    }

    [Fact]
    public async Task Files_without_a_usable_hash_are_counted_apart()
    {
        await using var family = await OpenedFamily.OpenAsync();
        var files = (await family.FilesAsync()).Where(file => file.Type == FileType.Image).Take(2).ToList();
        Rewrite(family, files[0], json => json.Remove("hash"));
        Rewrite(family, files[1], json => json["hash"] = "none");
        var record = await family.ProveAsync();
        Assert.Equal((ProofVerdict.Proved, 2L, 0L), (record.Verdict, record.Counts.FilesWithoutHash, record.Counts.Errors));
        Assert.Equal("hash-unreadable", Assert.Single(family.Findings).Code);
    }

    [Fact]
    public async Task A_thumbnail_that_was_lost_before_the_backup_is_named()
    {
        await using var family = await OpenedFamily.OpenAsync();
        var thumbnail = (await family.FilesAsync()).First(file => file.HasContent).Thumbnail!.Value;
        await using var lost = await OpenedFamily.OpenAsync(change: (key, bytes) => key == thumbnail.Key ? null : bytes);
        Assert.Contains($"the snapshot does not hold its thumbnail, {thumbnail.Key}", (await OneFileFailsAsync(lost, "object-missing")).Message);
    }

    [Fact]
    public async Task A_pack_that_is_gone_takes_what_is_in_it_and_nothing_else()
    {
        await using var family = await OpenedFamily.OpenAsync();
        var files = await family.FilesAsync();
        await family.DamageStoredAsync(files.First(file => file.HasContent).Thumbnail!.Value.Key, _ => null);
        var record = await family.ProveAsync();
        Assert.Equal(ProofVerdict.NotProved, record.Verdict);
        Assert.True(family.Errors.Count(finding => finding.Code == "object-unreadable") > 20);
        Assert.All(family.Errors, finding => Assert.Contains("is missing from", finding.Message));
        Assert.InRange(record.Counts.DecryptedBytes, 22_000_000, long.MaxValue);
    }

    [Fact]
    public async Task Derived_data_that_is_damaged_is_a_warning_and_the_file_is_proved()
    {
        string[] derived = [.. FixtureFolder.Objects("t1").Select(found => found.Key).Where(key => key.Contains("/file-data/"))];
        await using var family = await OpenedFamily.OpenAsync(change: (key, bytes) => derived.Contains(key) ? Flip(bytes, bytes.Length / 2) : bytes);
        var record = await family.ProveAsync();
        Assert.Equal((ProofVerdict.Proved, 0L, 0L), (record.Verdict, record.Counts.Errors, record.Counts.FilesNotProved));
        Assert.Equal((8L, 0L), (record.Counts.DerivedProblems, record.Counts.DerivedObjects));
        Assert.All(family.Findings, finding => Assert.Equal("derived-object-damaged", finding.Code));
    }

    [Fact]
    public async Task A_video_preview_is_decrypted_with_the_key_of_its_playlist()
    {
        var key = FixtureFolder.Objects("t1").Single(found => found.Key.Contains("/vid_preview/") && !found.Key.EndsWith("_playlist", StringComparison.Ordinal)).Key;
        await using var family = await OpenedFamily.OpenAsync(change: Only(key, bytes => Flip(bytes, 0)));
        var record = await family.ProveAsync();
        Assert.Equal((7L, 1L), (record.Counts.DerivedObjects, record.Counts.DerivedProblems));
        Assert.Contains("segment 1 does not decrypt", Assert.Single(family.Findings).Message);
        await using var stored = await OpenedFamily.OpenAsync();
        var row = await stored.Snapshot.FindAsync(key, Token);
        await stored.DamageStoredAsync(key, bytes => Flip(bytes, (int)(row!.Value.Offset + (row.Value.SizeBytes / 2))));
        await stored.ProveAsync();
        Assert.Contains(stored.Findings, finding => finding.Code == "derived-object-damaged" && finding.Message.Contains("should hash to"));
    }

    [Theory]
    [InlineData("UPDATE collections SET encrypted_name = 'AAAA' WHERE collection_id = 1580559962386439", "album-name-damaged", "album 1580559962386439")]
    [InlineData("UPDATE authenticator_entity SET encrypted_data = substr(encrypted_data, 1, 20) WHERE rowid = (SELECT MIN(rowid) FROM authenticator_entity WHERE NOT is_deleted)", "auth-code-damaged", "code ")]
    [InlineData("UPDATE entity_data SET header = substr(header, 5) WHERE rowid = (SELECT MIN(rowid) FROM entity_data WHERE NOT is_deleted)", "entity-damaged", "entry ")]
    [InlineData("UPDATE comments SET nonce = substr(nonce, 5)", "comment-damaged", "comment ")]
    [InlineData("UPDATE reactions SET cipher = substr(cipher, 5)", "reaction-damaged", "reaction ")]
    public async Task What_is_not_a_file_is_named_too(string change, string code, string subject)
    {
        await using var family = await OpenedFamily.OpenAsync();
        family.Execute(change);
        var record = await family.ProveAsync();
        Assert.Equal((ProofVerdict.NotProved, 0L), (record.Verdict, record.Counts.FilesNotProved));
        var finding = Assert.Single(family.Errors);
        Assert.Equal(code, finding.Code);
        Assert.StartsWith(subject, finding.Subject);
    }

    [Fact]
    public async Task A_recovery_key_that_somebody_entrusted_and_that_does_not_open_is_named()
    {
        await using var family = await OpenedFamily.OpenAsync(person: FamilyAccount.Bob);
        Assert.Equal(1, (await family.ProveAsync()).Counts.EntrustedAccounts);
        family.Execute("UPDATE emergency_contact SET encrypted_key = substr(encrypted_key, 5)");
        Assert.Equal(ProofVerdict.NotProved, (await family.ProveAsync()).Verdict);
        Assert.Equal("entrusted-key-damaged", Assert.Single(family.Errors).Code);
    }

    /// <summary>Proves, expects exactly one file to fail with one finding, and all others to be proved.</summary>
    private static async Task<Finding> OneFileFailsAsync(OpenedFamily family, string code)
    {
        var record = await family.ProveAsync();
        var finding = Assert.Single(family.Errors);
        Assert.Equal(code, finding.Code);
        Assert.Equal((ProofVerdict.NotProved, 1L, record.Counts.Files - 1), (record.Verdict, record.Counts.FilesNotProved, record.Counts.FilesProved));
        return finding;
    }

    private static string Largest(int rank = 1) => FixtureFolder.IsPresent ? FixtureFolder.Objects("t1").OrderByDescending(found => found.SizeBytes).ElementAt(rank - 1).Key : "";

    private static Func<string, byte[], byte[]?> Only(string damaged, Func<byte[], byte[]> change) => (key, bytes) => key == damaged ? change(bytes) : bytes;

    private static byte[] Flip(byte[] bytes, int at)
    {
        bytes[at] ^= 1;
        return bytes;
    }

    /// <summary>Writes a file's description anew under its own key.</summary>
    private static void Rewrite(OpenedFamily family, LibraryFile file, Action<JsonObject> change)
    {
        var json = JsonNode.Parse(file.Metadata!.Json.GetRawText())!.AsObject();
        change(json);
        var blob = SecretStream.Seal(Encoding.UTF8.GetBytes(json.ToJsonString()), file.Key!, out var header);
        family.Execute(
            "UPDATE files SET encrypted_metadata = $0, metadata_decryption_header = $1 WHERE file_id = $2", Convert.ToBase64String(blob), Convert.ToBase64String(header), file.Id);
    }

    private delegate void Seal(SecretStreamEncryptor encryptor, ReadOnlySpan<byte> plaintext, Span<byte> into);

    /// <summary>Encrypts a file's content again under its key, the last chunk as the test wants it.</summary>
    private static async Task<(byte[] Stream, string Header)> SealAgainAsync(string key, Seal last, int chunks = int.MaxValue)
    {
        await using var family = await OpenedFamily.OpenAsync();
        var file = (await family.FilesAsync()).Single(file => file.Content?.Key == key);
        using var plain = new MemoryStream();
        await using (var encrypted = await family.Snapshot.OpenObjectAsync(key, Token))
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

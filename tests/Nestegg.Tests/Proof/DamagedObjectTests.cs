using Nestegg.Ente.Cryptography;
using Nestegg.Proof;
using Nestegg.Repositories;
using Nestegg.TestKit.Instances;

namespace Nestegg.Tests.Proof;

/// <summary>Damaged objects: found, named rightly, and everything else is still proved.</summary>
public sealed class DamagedObjectTests(KnownInstances instances)
{
    private const int Chunk = SecretStream.EncryptedChunkBytes;

    private const string SetHeader =
        "UPDATE files SET file_decryption_header = $0 WHERE file_id = (SELECT file_id FROM object_keys WHERE object_key = $1)";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InstanceData]
    public async Task A_flipped_byte_that_the_bucket_had_is_named_with_its_chunk(string name)
    {
        var instance = await FirstAsync(name);
        var key = instance.Largest();
        await using var opened = await OpenedInstance.OpenAsync(instance, change: Only(key, bytes => Flip(bytes, Chunk + 1000)));
        var finding = await opened.OneFileFailsAsync("original-damaged");
        Assert.Contains($"{key} in objects/", finding.Message);
        Assert.Contains($"chunk 2 (at byte {Chunk}) is damaged; the chunks before it are in order", finding.Message);
        Assert.Contains("byte for byte what the backup read", finding.Message);
    }

    [Theory]
    [InstanceData]
    public async Task ML_data_that_was_written_again_after_the_dump_is_opened_and_told_in_one_line(string name)
    {
        var instance = await FirstAsync(name);
        await using var opened = await OpenedInstance.OpenAsync(instance);
        var before = await opened.ProveAsync();
        opened.Execute("UPDATE file_data SET size = size + 7 WHERE data_type = 'mldata'");
        var record = await opened.ProveAsync();
        Assert.Equal(ProofVerdict.Proved, record.Verdict);
        Assert.Equal(before.Counts.DerivedObjects, record.Counts.DerivedObjects);
        var told = Assert.Single(opened.Findings);
        Assert.Equal(("derived-newer", Severity.Note), (told.Code, told.Severity));
        Assert.StartsWith($"{record.Counts.DerivedNewer} objects", told.Message);
        Assert.InRange(record.Counts.DerivedNewer, 1, instance[Role.Owner].Counts.MlData);
    }

    [Theory]
    [InstanceData]
    public async Task A_flipped_byte_in_the_repository_is_told_apart_from_one_in_the_bucket(string name)
    {
        var instance = await FirstAsync(name);
        await using var opened = await OpenedInstance.OpenAsync(instance);
        await opened.DamageStoredAsync(instance.Largest(), bytes => Flip(bytes, 1000));
        var finding = await opened.OneFileFailsAsync("original-damaged");
        Assert.Contains("its key is right", finding.Message);
        Assert.Contains("the copy is no longer what the backup read", finding.Message);
    }

    [Theory]
    [InstanceData]
    public async Task A_cut_at_a_chunk_boundary_is_a_cut(string name)
    {
        var instance = await FirstAsync(name);
        await using var opened = await OpenedInstance.OpenAsync(instance, change: Only(instance.Largest(), bytes => bytes[..(2 * Chunk)]));
        var finding = await opened.OneFileFailsAsync("original-cut");
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
        Assert.Contains("the copy is no longer what the backup read", (await opened.OneFileFailsAsync("original-damaged")).Message);
    }

    [Theory]
    [InstanceData]
    public async Task A_stream_that_lacks_its_final_tag_is_cut_although_its_length_is_right(string name)
    {
        var instance = await FirstAsync(name);
        var key = instance.Largest();
        var (stream, header) = await SealAgainAsync(
            instance, key, (encryptor, plain, into) => encryptor.Encrypt(plain, isLast: false, into));
        await using var opened = await OpenedInstance.OpenAsync(instance, change: Only(key, _ => stream));
        opened.Execute(SetHeader, header, key);
        var finding = await opened.OneFileFailsAsync("original-cut");
        Assert.Contains("which is not marked as the last", finding.Message);
        Assert.DoesNotContain("the database says", finding.Message);
    }

    [Theory]
    [InstanceData(1)]
    [InstanceData(5_000_000)]
    public async Task Appended_bytes_are_found(string name, int count)
    {
        var instance = await FirstAsync(name);
        await using var opened = await OpenedInstance.OpenAsync(
            instance, change: Only(instance.Largest(), bytes => [.. bytes, .. new byte[count]]));
        Assert.Contains($"the database says {instance.SizeOf(instance.Largest()):N0} bytes",
            (await opened.OneFileFailsAsync("original-longer")).Message);
        await using var stored = await OpenedInstance.OpenAsync(instance);
        await stored.DamageStoredAsync(instance.Largest(), bytes => [.. bytes, .. new byte[count]]);
        Assert.Contains("the copy is no longer what the backup read", (await stored.OneFileFailsAsync("original-damaged")).Message);
    }

    [Theory]
    [InstanceData]
    public async Task Bytes_after_a_full_last_chunk_are_named_as_such(string name)
    {
        var instance = await FirstAsync(name);
        var key = instance.Largest();
        var (stream, header) = await SealAgainAsync(
            instance, key, (encryptor, plain, into) => encryptor.Encrypt(plain, isLast: true, into), chunks: 1);
        await using var opened = await OpenedInstance.OpenAsync(instance, change: Only(key, _ => [.. stream, 1, 2, 3]));
        opened.Execute(SetHeader, header, key);
        opened.Execute("UPDATE object_keys SET size = $0 WHERE object_key = $1", stream.Length + 3, key);
        Assert.Contains($"bytes follow the last chunk (from byte {Chunk})", (await opened.OneFileFailsAsync("original-longer")).Message);
    }

    [Theory]
    [InstanceData]
    public async Task Two_objects_that_changed_places_are_both_named(string name)
    {
        var instance = await FirstAsync(name);
        var (first, second) = (instance.Largest(), instance.Largest(2));
        var bytes = new[] { first, second }.ToDictionary(key => key, key => File.ReadAllBytes(instance.Paths[key]));
        await using var opened = await OpenedInstance.OpenAsync(
            instance, change: (key, own) => key == first ? bytes[second] : key == second ? bytes[first] : own);
        var record = await opened.ProveAsync();
        Assert.Equal(2, record.Counts.FilesNotProved);
        Assert.All(opened.Errors, finding =>
            Assert.Contains("its key is right (its description opens), so the bytes or their header are not its own", finding.Message));
        Assert.Equal(["original-cut", "original-longer"], opened.Errors.Select(finding => finding.Code).Order());
    }

    [Theory]
    [InstanceData]
    public async Task A_thumbnail_that_was_lost_before_the_backup_is_named(string name)
    {
        var instance = await FirstAsync(name);
        await using var opened = await OpenedInstance.OpenAsync(instance);
        var thumbnail = (await opened.FilesAsync()).First(file => file.HasContent).Thumbnail!.Value;
        await using var lost = await OpenedInstance.OpenAsync(instance, change: (key, bytes) => key == thumbnail.Key ? null : bytes);
        Assert.Contains($"the snapshot does not hold its thumbnail, {thumbnail.Key}",
            (await lost.OneFileFailsAsync("object-missing")).Message);
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
        await using var opened = await OpenedInstance.OpenAsync(
            instance, change: (key, bytes) => key.Contains("/file-data/") ? Flip(bytes, bytes.Length / 2) : bytes);
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
        var key = instance.Objects.Single(
            found => found.Key.Contains("/vid_preview/") && !found.Key.EndsWith("_playlist", StringComparison.Ordinal)).Key;
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

    private async Task<KnownMoment> FirstAsync(string name) => (await instances.OpenAsync(name, Token))["t1"];

    private static Func<string, byte[], byte[]?> Only(string damaged, Func<byte[], byte[]> change) =>
        (key, bytes) => key == damaged ? change(bytes) : bytes;

    private static byte[] Flip(byte[] bytes, int at)
    {
        bytes[at] ^= 1;
        return bytes;
    }

    private delegate void Seal(SecretStreamEncryptor encryptor, ReadOnlySpan<byte> plaintext, Span<byte> into);

    /// <summary>Encrypts a file's content again under its key, the last chunk as the test wants it.</summary>
    private static async Task<(byte[] Stream, string Header)> SealAgainAsync(
        KnownMoment instance, string key, Seal last, int chunks = int.MaxValue)
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
            if (i < pieces.Count - 1)
            {
                encryptor.Encrypt(piece, isLast: false, into);
            }
            else
            {
                last(encryptor, piece, into);
            }

            stream.Write(into);
        }

        return (stream.ToArray(), header);
    }
}

using System.Text;
using System.Text.Json.Nodes;
using Nestegg.Ente.Cryptography;
using Nestegg.Ente.Library;
using Nestegg.Proof;
using Nestegg.Repositories;
using Nestegg.TestKit.Instances;

namespace Nestegg.Tests.Proof;

/// <summary>Damaged rows: found, named rightly, and everything else is still proved.</summary>
public sealed class DamagedRowTests(KnownInstances instances)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InstanceData]
    public async Task Another_file_s_key_in_the_album_s_row_is_told_apart_from_damaged_bytes(string name)
    {
        var instance = await FirstAsync(name);
        await using var opened = await OpenedInstance.OpenAsync(instance);
        var files = (await opened.FilesAsync()).Where(file => file is { HasContent: true, Albums.Count: 1 })
            .GroupBy(file => file.Albums[0].Id).First(group => group.Count() > 1).ToList();
        opened.Execute(
            "UPDATE collection_files SET (encrypted_key, key_decryption_nonce) = "
            + "(SELECT encrypted_key, key_decryption_nonce FROM collection_files WHERE file_id = $0) WHERE file_id = $1",
            files[0].Id, files[1].Id);
        var record = await opened.ProveAsync();
        Assert.Equal(1, record.Counts.FilesNotProved);
        Assert.All(opened.Errors, finding => Assert.StartsWith($"file {files[1].Id}", finding.Subject));
        Assert.Subset(opened.Errors.Select(finding => finding.Code).ToHashSet(),
            new HashSet<string> { "metadata-damaged", "original-damaged", "thumbnail-damaged" });
        Assert.Contains("the key in its album's row may be that of another file",
            opened.Errors.First(finding => finding.Code == "original-damaged").Message);
    }

    [Theory]
    [InstanceData]
    public async Task A_damaged_key_row_closes_one_file_and_no_other(string name)
    {
        var instance = await FirstAsync(name);
        await using var opened = await OpenedInstance.OpenAsync(instance);
        var file = (await opened.FilesAsync()).First(file => file.Albums.Count == 1);
        opened.Execute("UPDATE collection_files SET encrypted_key = substr(encrypted_key, 5) WHERE file_id = $0", file.Id);
        Assert.Equal($"file {file.Id}", (await opened.OneFileFailsAsync("file-key-wrong")).Subject);
    }

    [Theory]
    [InstanceData]
    public async Task Another_file_s_header_is_found(string name)
    {
        var instance = await FirstAsync(name);
        await using var opened = await OpenedInstance.OpenAsync(instance);
        var files = (await opened.FilesAsync()).Where(file => file.HasContent).Take(2).ToList();
        opened.Execute(
            "UPDATE files SET file_decryption_header = (SELECT file_decryption_header FROM files WHERE file_id = $0) WHERE file_id = $1",
            files[0].Id, files[1].Id);
        var finding = await opened.OneFileFailsAsync("original-damaged");
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
        Assert.Equal($"file {file.Id}", (await opened.OneFileFailsAsync(code)).Subject);
    }

    [Theory]
    [InstanceData]
    public async Task Content_that_is_not_what_the_app_recorded_is_found_although_it_decrypts(string name)
    {
        var instance = await FirstAsync(name);
        await using var opened = await OpenedInstance.OpenAsync(instance);
        var file = (await opened.FilesAsync()).First(file => file.Type == FileType.Image);
        Rewrite(opened, file, json => json["hash"] = Convert.ToBase64String(new byte[64]));
        Assert.Contains("its app recorded AAAA", (await opened.OneFileFailsAsync("hash-mismatch")).Message);
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
        Assert.Contains($"the {partName} of the live photo", (await opened.OneFileFailsAsync("hash-mismatch")).Message);
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
    [InstanceData("UPDATE collections SET encrypted_name = 'AAAA' WHERE collection_id = (SELECT MIN(collection_id) FROM collections)",
        "album-name-damaged", "album ")]
    [InstanceData("UPDATE authenticator_entity SET encrypted_data = substr(encrypted_data, 1, 20) WHERE rowid = {first}",
        "auth-code-damaged", "code ")]
    [InstanceData("UPDATE entity_data SET header = substr(header, 5) WHERE rowid = {first}", "entity-damaged", "entry ")]
    [InstanceData("UPDATE comments SET nonce = substr(nonce, 5) WHERE rowid = (SELECT MIN(rowid) FROM comments)", "comment-damaged",
        "comment ")]
    [InstanceData("UPDATE reactions SET cipher = substr(cipher, 5) WHERE rowid = (SELECT MIN(rowid) FROM reactions)",
        "reaction-damaged", "reaction ")]
    public async Task What_is_not_a_file_is_named_too(string name, string change, string code, string subject)
    {
        var instance = await FirstAsync(name);
        await using var opened = await OpenedInstance.OpenAsync(instance);
        var first = $"(SELECT MIN(rowid) FROM {change.Split(' ')[1]} WHERE NOT is_deleted AND user_id = {instance[Role.Owner].UserId})";
        opened.Execute(change.Replace("{first}", first, StringComparison.Ordinal));
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

    private async Task<KnownMoment> FirstAsync(string name) => (await instances.OpenAsync(name, Token))["t1"];

    /// <summary>Writes a file's description anew under its own key.</summary>
    private static void Rewrite(OpenedInstance opened, LibraryFile file, Action<JsonObject> change)
    {
        var json = JsonNode.Parse(file.Metadata!.Json.GetRawText())!.AsObject();
        change(json);
        var blob = SecretStream.Seal(Encoding.UTF8.GetBytes(json.ToJsonString()), file.Key!, out var header);
        opened.Execute(
            "UPDATE files SET encrypted_metadata = $0, metadata_decryption_header = $1 WHERE file_id = $2",
            Convert.ToBase64String(blob), Convert.ToBase64String(header), file.Id);
    }
}

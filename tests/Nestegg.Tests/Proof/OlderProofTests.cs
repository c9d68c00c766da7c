using Nestegg.Cli.Commands;
using Nestegg.Ente.Accounts;
using Nestegg.Ente.Library;
using Nestegg.Proof;
using Nestegg.TestKit;

namespace Nestegg.Tests.Proof;

/// <summary>Databases that lack what newer ones have, and accounts that are not as they should be.</summary>
public sealed class OlderProofTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("contact_entity", "user_attachments", "legacy_kit")]
    [InlineData("contact_entity", "user_attachments", "legacy_kit", "memory_share_files", "memory_shares", "comments", "reactions", "anon_users", "public_file_tokens")]
    [InlineData("contact_entity", "user_attachments", "legacy_kit", "memory_share_files", "memory_shares", "comments", "reactions", "anon_users", "public_file_tokens", "emergency_contact", "file_data", "srp_auth")]
    public async Task Everything_is_proved_in_the_tables_of_an_older_schema(params string[] absent)
    {
        await using var family = await OpenedFamily.OpenAsync();
        foreach (var table in absent) Drop(family, $"DROP TABLE {table}");
        var record = await family.ProveAsync();
        Assert.Equal((ProofVerdict.Proved, record.Counts.Files, 0L), (record.Verdict, record.Counts.FilesProved, record.Counts.Errors));
        Assert.Equal(absent.Contains("file_data") ? 0 : 8, record.Counts.DerivedObjects);
        Assert.Equal(absent.Contains("comments") ? 0 : 1, record.Counts.Comments);
    }

    [Fact]
    public async Task Without_the_columns_that_previews_brought_ml_data_is_proved()
    {
        await using var family = await OpenedFamily.OpenAsync();
        foreach (var column in (string[])["obj_id", "obj_nonce", "obj_size"]) Drop(family, $"ALTER TABLE file_data DROP COLUMN {column}");
        var record = await family.ProveAsync();
        Assert.Equal((ProofVerdict.Proved, 6L), (record.Verdict, record.Counts.DerivedObjects));
    }

    [Fact]
    public async Task With_another_key_hash_the_person_is_found_by_the_address()
    {
        using var other = new TemporaryFolder();
        CopyInstance(other["ente"], yaml => System.Text.RegularExpressions.Regex.Replace(yaml, @"(?m)^(\s+hash: ).*$", $"$1{Convert.ToBase64String(new byte[64])}"));
        await using var family = await OpenedFamily.OpenAsync(folder: other["ente"]);
        var reader = await LibraryReader.OpenAsync(family.Snapshot.Connection, Token);
        var alice = FamilyAccount.Of("t1", FamilyAccount.Alice);
        Assert.True(Ente.Cryptography.RecoveryKey.TryParse(alice.RecoveryWords, out var key, out _));
        using var secret = new AccountSecret([], key);
        var (userId, keys) = await secret.OpenAsync(alice.Email, family.Snapshot, reader, Token);
        keys.Dispose();
        Assert.Equal(alice.UserId, userId);
        Assert.Equal([alice.UserId], await AccountSecret.SameAddressAsync(alice.Email, family.Snapshot, reader, Token));
    }

    [Fact]
    public async Task An_account_without_keys_has_nothing_to_open()
    {
        await using var family = await OpenedFamily.OpenAsync();
        var alice = FamilyAccount.Of("t1", FamilyAccount.Alice);
        family.Execute("DELETE FROM key_attributes WHERE user_id = $0", alice.UserId);
        var refused = await RefusedAsync(family, "any");
        Assert.Equal(ExitCode.BadInput, refused.ExitCode);
        Assert.Contains("its sign-up was not finished", refused.Message);
    }

    [Fact]
    public async Task A_right_password_on_a_damaged_master_key_is_called_damage()
    {
        await using var family = await OpenedFamily.OpenAsync();
        var alice = FamilyAccount.Of("t1", FamilyAccount.Alice);
        family.Execute("UPDATE key_attributes SET encrypted_key = (SELECT encrypted_key FROM key_attributes WHERE user_id <> $0 LIMIT 1) WHERE user_id = $0", alice.UserId);
        var refused = await RefusedAsync(family, alice.Password);
        Assert.Equal(ExitCode.Damaged, refused.ExitCode);
        Assert.Contains("the password is right", refused.Message);
        Assert.Equal(ExitCode.BadInput, (await RefusedAsync(family, "another")).ExitCode);
    }

    [Fact]
    public async Task A_damaged_secret_key_closes_what_others_share_and_nothing_else()
    {
        await using var family = await OpenedFamily.OpenAsync(person: FamilyAccount.Bob);
        var bob = FamilyAccount.Of("t1", FamilyAccount.Bob);
        family.Execute("UPDATE key_attributes SET encrypted_secret_key = substr(encrypted_secret_key, 5) WHERE user_id = $0", bob.UserId);
        var record = await family.ProveAsync();
        Assert.Equal(ProofVerdict.NotProved, record.Verdict);
        Assert.Contains(family.Errors, finding => finding.Code == "account-key-damaged");
        Assert.Equal(2, family.Errors.Count(finding => finding.Code == "album-key-wrong"));
        Assert.InRange(record.Counts.FilesProved, 1, record.Counts.Files - 1);
    }

    private static async Task<NesteggException> RefusedAsync(OpenedFamily family, string password)
    {
        var reader = await LibraryReader.OpenAsync(family.Snapshot.Connection, Token);
        using var secret = new AccountSecret(System.Text.Encoding.UTF8.GetBytes(password), null);
        return await Assert.ThrowsAsync<NesteggException>(() => secret.OpenAsync(FamilyAccount.Alice, family.Snapshot, reader, Token));
    }

    private static void Drop(OpenedFamily family, string sql)
    {
        using var command = family.Snapshot.Connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    private static void CopyInstance(string to, Func<string, string> change)
    {
        Directory.CreateDirectory(to);
        foreach (var file in Directory.EnumerateFiles(FixtureFolder.Instance))
        {
            var text = File.ReadAllText(file);
            File.WriteAllText(Path.Combine(to, Path.GetFileName(file)), Path.GetFileName(file) == "museum.yaml" ? change(text) : text);
        }
    }
}

using Nestegg.Opening;
using Nestegg.Ente.Accounts;
using Nestegg.Ente.Library;
using Nestegg.Proof;
using Nestegg.Repositories;
using Nestegg.TestKit;
using Nestegg.TestKit.Instances;

namespace Nestegg.Tests.Proof;

/// <summary>Databases that lack what newer ones have, and accounts that are not as they should be.</summary>
public sealed class OlderProofTests(KnownInstances instances)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InstanceData("contact_entity", "user_attachments", "legacy_kit")]
    [InstanceData("contact_entity", "user_attachments", "legacy_kit", "memory_share_files", "memory_shares", "comments",
        "reactions", "anon_users", "public_file_tokens")]
    [InstanceData("contact_entity", "user_attachments", "legacy_kit", "memory_share_files", "memory_shares", "comments",
        "reactions", "anon_users", "public_file_tokens", "emergency_contact", "file_data", "srp_auth")]
    public async Task Everything_is_proved_in_the_tables_of_an_older_schema(string name, params string[] absent)
    {
        var instance = await FirstAsync(name);
        await using var opened = await OpenedInstance.OpenAsync(instance);
        foreach (var table in absent)
        {
            Drop(opened, $"DROP TABLE {table}");
        }

        var record = await opened.ProveAsync();
        Assert.Equal((ProofVerdict.Proved, record.Counts.Files, 0L), (record.Verdict, record.Counts.FilesProved, record.Counts.Errors));
        Assert.Equal(absent.Contains("file_data") ? 0 : instance[Role.Owner].Counts.DerivedObjects, record.Counts.DerivedObjects);
        Assert.Equal(absent.Contains("comments") ? 0 : instance[Role.Owner].Counts.Comments, record.Counts.Comments);
    }

    [Theory]
    [InstanceData(Role.Owner, Only = KnownInstances.Sample)]
    [InstanceData(Role.Sharee, Only = KnownInstances.Sample)]
    [InstanceData(Role.Keeper, Only = KnownInstances.Sample)]
    [InstanceData(Role.Elder, Only = KnownInstances.Sample)]
    public async Task Everything_is_proved_from_an_archive_of_the_oldest_schema(string name, Role role)
    {
        var older = (await instances.OpenAsync(name, Token))["older"];
        await using var opened = await OpenedInstance.OpenAsync(older, role);
        var record = await opened.ProveAsync();
        Assert.Empty(opened.Findings);
        var (person, counts) = (older[role], record.Counts);
        Assert.Equal((ProofVerdict.Proved, person.Files.Count + person.Counts.Trash), (record.Verdict, counts.FilesProved));
        Assert.Equal((person.Counts.Entities, person.AuthCodes.Count), (counts.Entities, counts.AuthCodes));
        Assert.Equal((0L, 0L, 0L, 0L),
            (counts.DerivedObjects, counts.Contacts, counts.Comments + counts.Reactions,
            counts.MemoryShares + counts.FileLinks + counts.LegacyKits + counts.EntrustedAccounts));
    }

    [Theory]
    [InstanceData]
    public async Task Without_the_columns_that_previews_brought_ml_data_is_proved(string name)
    {
        var instance = await FirstAsync(name);
        await using var opened = await OpenedInstance.OpenAsync(instance);
        foreach (var column in (string[])["obj_id", "obj_nonce", "obj_size"])
        {
            Drop(opened, $"ALTER TABLE file_data DROP COLUMN {column}");
        }

        var record = await opened.ProveAsync();
        Assert.Equal((ProofVerdict.Proved, (long)instance[Role.Owner].Counts.MlData), (record.Verdict, record.Counts.DerivedObjects));
    }

    [Theory]
    [InstanceData]
    public async Task With_another_key_hash_the_person_is_found_by_the_address(string name)
    {
        var instance = await FirstAsync(name);
        using var other = new TemporaryFolder();
        CopyInstance(instance.Folder, other["ente"], yaml =>
            System.Text.RegularExpressions.Regex.Replace(yaml, @"(?m)^(\s+hash: ).*$", $"$1{Convert.ToBase64String(new byte[64])}"));
        await using var opened = await OpenedInstance.OpenAsync(instance, operatorFolder: other["ente"]);
        var reader = await LibraryReader.OpenAsync(opened.Snapshot.Connection, Token);
        var owner = instance[Role.Owner];
        Assert.True(Ente.Cryptography.RecoveryKey.TryParse(owner.RecoveryWords, out var key, out _));
        using var secret = new AccountSecret([], key);
        var (userId, keys, others) = await secret.OpenAsync(owner.Email, opened.Snapshot, reader, Token);
        keys.Dispose();
        Assert.Equal((owner.UserId, 0), (userId, others.Count));
    }

    [Theory]
    [InstanceData(true)]
    [InstanceData(false)]
    public async Task Of_two_accounts_with_one_address_the_one_with_keys_is_taken_or_all_are_listed(string name, bool hasKeys)
    {
        var instance = await FirstAsync(name);
        await using var opened = await OpenedInstance.OpenAsync(instance);
        var owner = instance[Role.Owner];

        // The later account has the hash that museum looks up, the one that holds the files another.
        opened.Execute("UPDATE users SET email_hash = 'of the earlier key.hash' WHERE user_id = $0", owner.UserId);
        opened.Execute(
            "INSERT INTO users (user_id, encrypted_email, email_decryption_nonce, email_hash) SELECT 1, encrypted_email, "
            + "email_decryption_nonce, $1 FROM users WHERE user_id = $0",
            owner.UserId, await HashAsync(owner, opened));
        Assert.True(Ente.Cryptography.RecoveryKey.TryParse(owner.RecoveryWords, out var key, out _));
        using var secret = new AccountSecret([], key);
        var reader = await LibraryReader.OpenAsync(opened.Snapshot.Connection, Token);
        if (!hasKeys)
        {
            var (userId, keys, others) = await secret.OpenAsync(owner.Email, opened.Snapshot, reader, Token);
            keys.Dispose();
            Assert.Equal((owner.UserId, 0), (userId, others.Count));
            return;
        }

        opened.Execute("CREATE TABLE copied AS SELECT * FROM key_attributes WHERE user_id = $0", owner.UserId);
        opened.Execute("UPDATE copied SET user_id = 1");
        opened.Execute("INSERT INTO key_attributes SELECT * FROM copied");
        var refused = await Assert.ThrowsAsync<NesteggException>(() => secret.OpenAsync(owner.Email, opened.Snapshot, reader, Token));
        Assert.Contains("1 (0 files), ", refused.Message);
        Assert.Contains($"{owner.UserId} (", refused.Message);
        Assert.Contains("--user NUMBER", refused.Hint);

        opened.Execute(
            "UPDATE key_attributes SET master_key_encrypted_with_recovery_key = (SELECT master_key_encrypted_with_recovery_key "
            + "FROM key_attributes WHERE user_id = $0) WHERE user_id = 1",
            instance[Role.Sharee].UserId);
        var (right, rightKeys, twins) = await secret.OpenAsync(owner.Email, opened.Snapshot, reader, Token);
        rightKeys.Dispose();
        Assert.Equal((owner.UserId, 1L), (right, Assert.Single(twins)));
    }

    [Theory]
    [InstanceData]
    public async Task An_account_without_keys_has_nothing_to_open(string name)
    {
        var instance = await FirstAsync(name);
        await using var opened = await OpenedInstance.OpenAsync(instance);
        var owner = instance[Role.Owner];
        opened.Execute("DELETE FROM key_attributes WHERE user_id = $0", owner.UserId);
        var refused = await RefusedAsync(opened, owner, "any");
        Assert.Equal(FailureKind.BadInput, refused.Kind);
        Assert.Contains("its sign-up was not finished", refused.Message);
    }

    [Theory]
    [InstanceData]
    public async Task A_right_password_on_a_damaged_master_key_is_called_damage(string name)
    {
        var instance = await FirstAsync(name);
        await using var opened = await OpenedInstance.OpenAsync(instance);
        var owner = instance[Role.Owner];
        opened.Execute(
            "UPDATE key_attributes SET encrypted_key = (SELECT encrypted_key FROM key_attributes WHERE user_id <> $0 LIMIT 1) "
            + "WHERE user_id = $0",
            owner.UserId);
        var refused = await RefusedAsync(opened, owner, owner.Password);
        Assert.Equal(FailureKind.Damaged, refused.Kind);
        Assert.Contains("the password is right", refused.Message);
        Assert.Equal(FailureKind.WrongSecret, (await RefusedAsync(opened, owner, "another")).Kind);
    }

    [Theory]
    [InstanceData]
    public async Task A_damaged_secret_key_closes_what_others_share_and_nothing_else(string name)
    {
        var instance = await FirstAsync(name);
        await using var opened = await OpenedInstance.OpenAsync(instance, Role.Sharee);
        var sharee = instance[Role.Sharee];
        opened.Execute("UPDATE key_attributes SET encrypted_secret_key = substr(encrypted_secret_key, 5) WHERE user_id = $0",
            sharee.UserId);
        var record = await opened.ProveAsync();
        Assert.Equal(ProofVerdict.NotProved, record.Verdict);
        Assert.Contains(opened.Errors, finding => finding.Code == "account-key-damaged");
        Assert.Equal(sharee.Albums.Count(album => album.OwnerId != sharee.UserId),
            opened.Errors.Count(finding => finding.Code == "album-key-wrong"));
        Assert.InRange(record.Counts.FilesProved, 1, record.Counts.Files - 1);
    }

    private static async Task<string> HashAsync(KnownPerson person, OpenedInstance opened)
    {
        using var secrets = await opened.Snapshot.ReadSecretsAsync(Token);
        return Ente.Cryptography.EmailHash.Compute(person.Email, secrets.HashKey);
    }

    private static async Task<NesteggException> RefusedAsync(OpenedInstance opened, KnownPerson owner, string password)
    {
        var reader = await LibraryReader.OpenAsync(opened.Snapshot.Connection, Token);
        using var secret = new AccountSecret(System.Text.Encoding.UTF8.GetBytes(password), null);
        return await Assert.ThrowsAsync<NesteggException>(() => secret.OpenAsync(owner.Email, opened.Snapshot, reader, Token));
    }

    private async Task<KnownMoment> FirstAsync(string name) => (await instances.OpenAsync(name, Token))["t1"];

    private static void Drop(OpenedInstance opened, string sql)
    {
        using var command = opened.Snapshot.Connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    private static void CopyInstance(string from, string to, Func<string, string> change)
    {
        Directory.CreateDirectory(to);
        foreach (var file in Directory.EnumerateFiles(from))
        {
            var text = File.ReadAllText(file);
            File.WriteAllText(Path.Combine(to, Path.GetFileName(file)), Path.GetFileName(file) == "museum.yaml" ? change(text) : text);
        }
    }
}

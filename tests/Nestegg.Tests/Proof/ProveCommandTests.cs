using System.Formats.Tar;
using System.Text;
using System.Text.Json;
using Nestegg.Age;
using Nestegg.Repositories;
using Nestegg.TestKit;

namespace Nestegg.Tests.Proof;

/// <summary><c>prove</c> and <c>snapshots</c> as a person types them.</summary>
public sealed class ProveCommandTests(ProvedFamily family) : IClassFixture<ProvedFamily>
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_proof_is_kept_encrypted_and_shown_and_says_no_name_password_or_key()
    {
        var run = await family.ProveAsync("t1", FamilyAccount.Alice, "--report", "report.html");
        Assert.True(run.Code == ExitCode.Done, run.Output);
        Assert.True(run.Summary.GetProperty("kept").GetBoolean());

        var account = FamilyAccount.Of("t1", FamilyAccount.Alice);
        var kept = Directory.GetFiles(Path.Combine(family.Repository, "proofs", family.Snapshots["t1"])).Where(path => path.Contains($"-{account.UserId}.", StringComparison.Ordinal)).Order().ToList();
        Assert.Equal([".json", ".stamps.zst.age", ".tar.zst.age"], kept.Select(path => path[path.IndexOf('.', path.LastIndexOf('/'))..]));
        var summary = await File.ReadAllTextAsync(kept[0], Token);
        var report = await File.ReadAllTextAsync(family.Folder["report.html"], Token);
        var evidence = await OpenTarAsync(kept[2]);
        Assert.Equal(report, evidence["report.html"]);
        Assert.DoesNotContain("alice", summary, StringComparison.OrdinalIgnoreCase);
        Assert.Contains(FamilyAccount.Alice, evidence["record.json"]);
        foreach (var secret in Secrets(account).Concat(Names(account)))
        {
            Assert.DoesNotContain(secret, run.Output + run.Error + summary + report + evidence["record.json"]);
        }

        // A sample after a whole proof takes nothing away from it.
        Assert.Equal(ExitCode.Done, (await family.ProveAsync("t1", FamilyAccount.Alice, "--sample", "1%")).Code);
        var list = await family.RunAsync("snapshots");
        var row = list.Events.Single(line => line.GetProperty("event").GetString() == "snapshot" && line.GetProperty("id").GetString() == family.Snapshots["t1"]);
        // The other tests of this class prove others of the family in the same repository.
        Assert.Matches("^[1-3] of 3 people, ", row.GetProperty("proved").GetString());
        var one = await family.RunAsync("snapshots", family.Snapshots["t1"]);
        var proof = one.Events.Single(line => line.GetProperty("event").GetString() == "proof" && line.GetProperty("person").GetInt64() == account.UserId && line.GetProperty("share").GetString() == "100 %");
        Assert.Equal("proved", proof.GetProperty("verdict").GetString());
    }

    [Fact]
    public async Task Names_are_in_the_report_when_they_are_asked_for()
    {
        var run = await family.ProveAsync("t1", FamilyAccount.Bob, "--names", "--report", "names.html", "--without-record");
        var report = await File.ReadAllTextAsync(family.Folder["names.html"], Token);
        Assert.Equal(ExitCode.Done, run.Code);
        Assert.Contains("Bob garden", report);
        Assert.Contains("Japan 2023 <small>shared by another</small>", report);
        Assert.False(run.Summary.GetProperty("kept").GetBoolean());
    }

    [Fact]
    public async Task What_an_earlier_proof_decrypted_is_not_read_again_and_is_counted()
    {
        var first = await family.ProveAsync("t1", FamilyAccount.Carol);
        Assert.Equal((3L, 0L), (first["proved"], first["provedBefore"]));
        var again = await family.ProveAsync("t1", FamilyAccount.Carol, "--new", "--without-record");
        Assert.Equal((3L, 1L, 0L), (again["proved"], again["provedBefore"], again["decryptedBytes"]));
        var later = await family.ProveAsync("t2", FamilyAccount.Carol, "--new", "--without-record");
        Assert.Equal((4L, 1L, 0L), (later["proved"], later["provedBefore"], later["decryptedBytes"]));
        var whole = await family.ProveAsync("t2", FamilyAccount.Carol, "--without-record");
        Assert.Equal((4L, 0L), (whole["proved"], whole["provedBefore"]));
        Assert.NotEqual(0, whole["decryptedBytes"]);
    }

    [Theory]
    [InlineData("5%")]
    [InlineData("50")]
    public async Task A_sample_is_exactly_the_share_that_was_asked_for(string share)
    {
        var run = await family.ProveAsync("t1", FamilyAccount.Alice, "--sample", share, "--without-record");
        var wanted = (long)Math.Ceiling(run["files"] * double.Parse(share.TrimEnd('%')) / 100);
        Assert.Equal(ExitCode.Done, run.Code);
        Assert.Equal(run["files"] - wanted, run["notSampled"]);
        Assert.Equal(wanted, run["proved"]);
        Assert.Equal("sample proved", run.Summary.GetProperty("verdict").GetString());
    }

    [Theory]
    [InlineData("0%")]
    [InlineData("101%")]
    [InlineData("some")]
    public async Task A_share_that_is_none_is_refused(string share) =>
        Assert.Equal(ExitCode.BadInput, (await family.ProveAsync("t1", FamilyAccount.Alice, "--sample", share)).Code);

    [Fact]
    public async Task A_wrong_password_is_no_damage()
    {
        await File.WriteAllTextAsync(family.Folder["wrong"], "hunter2", Token);
        var run = await family.RunAsync("prove", "--user", FamilyAccount.Bob, "--password-file", "wrong", "--identity", "identity.txt");
        Assert.Equal(ExitCode.BadInput, run.Code);
        Assert.Contains("the password does not open this account", run.Message);
        Assert.Contains("the recovery key opens every snapshot", run.Hint);
        Assert.DoesNotContain("hunter2", run.Output + run.Error);
    }

    [Fact]
    public async Task A_typing_error_in_the_recovery_key_is_told_from_another_account_s_key()
    {
        Assert.SkipUnless(FixtureFolder.IsPresent, FixtureFolder.SkipReason);
        var words = FamilyAccount.Of("t1", FamilyAccount.Alice).RecoveryWords.Split(' ');
        (words[0], words[1]) = (words[1], words[0]);
        await File.WriteAllTextAsync(family.Folder["swapped"], string.Join(' ', words), Token);
        words[3] = "alise";
        await File.WriteAllTextAsync(family.Folder["misspelt"], string.Join(' ', words), Token);
        foreach (var (file, message) in new[]
        {
            ("swapped", "the checksum of the recovery key does not fit"), ("misspelt", "word 4 of the recovery key is not in the list of words"),
            ($"t1-{FamilyAccount.Bob}-words", "the recovery key is not this account's"),
        })
        {
            var run = await family.RunAsync("prove", "--user", FamilyAccount.Alice, "--recovery-key-file", file, "--identity", "identity.txt");
            Assert.Equal(ExitCode.BadInput, run.Code);
            Assert.Contains(message, run.Message);
        }
    }

    [Theory]
    [InlineData("nobody@nestegg.example")]
    [InlineData("4711")]
    public async Task An_unknown_user_is_named(string user)
    {
        var run = await family.RunAsync("prove", "--user", user, "--recovery-key-file", $"t1-{FamilyAccount.Bob}-words", "--identity", "identity.txt");
        Assert.Equal(ExitCode.BadInput, run.Code);
        Assert.Contains($"has no account {user}", run.Message);
    }

    [Fact]
    public async Task A_person_may_be_given_by_number()
    {
        Assert.SkipUnless(FixtureFolder.IsPresent, FixtureFolder.SkipReason);
        var number = $"{FamilyAccount.Of("t2", FamilyAccount.Bob).UserId}";
        var run = await family.RunAsync("prove", "--user", number, "--recovery-key-file", $"t2-{FamilyAccount.Bob}-words", "--identity", "identity.txt", "--without-record", "--sample", "1%");
        Assert.Equal((ExitCode.Done, number), (run.Code, run.Summary.GetProperty("userId").GetString()));
    }

    private async Task<Dictionary<string, string>> OpenTarAsync(string path)
    {
        using var identities = await AgeIdentityFile.ReadAsync(File.OpenRead(family.Folder["identity.txt"]), "identity", (_, _) => throw new InvalidOperationException(), Token);
        await using var tar = new TarReader(new ZstdReader(await AgeReader.OpenAsync(File.OpenRead(path), path, identities.Identities, [], Token), path));
        var entries = new Dictionary<string, string>();
        while (await tar.GetNextEntryAsync(copyData: true, Token) is { } entry)
        {
            entries[entry.Name] = await new StreamReader(entry.DataStream!).ReadToEndAsync(Token);
        }

        return entries;
    }

    private static IEnumerable<string> Secrets(FamilyAccount account) =>
        [account.Password, account.RecoveryWords, account.RecoveryWords.Split(' ')[0] + " " + account.RecoveryWords.Split(' ')[1]];

    /// <summary>Names of albums and files that are unlike any word of ours.</summary>
    private static IEnumerable<string> Names(FamilyAccount account)
    {
        foreach (var album in account.Expected.GetProperty("photos").EnumerateArray())
        {
            foreach (var named in album.GetProperty("files").EnumerateArray().Append(album))
            {
                if (named.GetProperty("name").GetString() is { Length: > 6 } name && name is not ("Favorites" or "Uncategorized" or ".hidden"))
                {
                    yield return name;
                }
            }
        }
    }
}

using System.Formats.Tar;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Nestegg.Formats.Age;
using Nestegg.Repositories;
using Nestegg.Repositories.Files;
using Nestegg.Repositories.Manifests;
using Nestegg.Stores.Local;
using Nestegg.TestKit.Instances;

namespace Nestegg.Tests.Proof;

/// <summary><c>prove</c> and <c>snapshots</c> as a person types them.</summary>
public sealed class ProveCommandTests(ProvedInstances repositories) : IClassFixture<ProvedInstances>
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InstanceData]
    public async Task A_proof_is_kept_encrypted_and_shown_and_says_no_name_password_or_key(string name)
    {
        var proved = await repositories.OpenAsync(name);
        var run = await proved.ProveAsync("t1", Role.Owner, "--report", "report.html");
        Assert.True(run.Code == ExitCode.Done, run.Output);
        Assert.True(run.Summary.GetProperty("kept").GetBoolean());

        var account = proved.Instance["t1"][Role.Owner];
        var kept = Directory.GetFiles(Path.Combine(proved.Repository, "proofs", proved.Snapshots["t1"]))
            .Where(path => path.Contains($"-{account.UserId}.", StringComparison.Ordinal)).Order().ToList();
        Assert.Equal([".json", ".stamps.zst.age", ".tar.zst.age"], kept.Select(path => path[path.IndexOf('.', path.LastIndexOf('/'))..]));
        var summary = await File.ReadAllTextAsync(kept[0], Token);
        var report = await File.ReadAllTextAsync(proved.Folder["report.html"], Token);
        var evidence = await OpenTarAsync(proved, kept[2]);
        Assert.Equal(report, evidence["report.html"]);
        Assert.DoesNotContain(account.Email, summary, StringComparison.OrdinalIgnoreCase);
        Assert.Contains(account.Email, evidence["record.json"]);
        foreach (var secret in Secrets(account).Concat(Names(account)))
        {
            Assert.DoesNotContain(secret, run.Output + run.Error + summary + report + evidence["record.json"]);
        }

        // A sample after a whole proof takes nothing away from it.
        Assert.Equal(ExitCode.Done, (await proved.ProveAsync("t1", Role.Owner, "--sample", "1%")).Code);
        var list = await proved.RunAsync("snapshots");
        var row = list.Events.Single(
            line => line.GetProperty("event").GetString() == "snapshot" && line.GetProperty("id").GetString() == proved.Snapshots["t1"]);
        // The other tests of this class prove others of the proved in the same repository.
        Assert.Matches($"^[1-3] of {proved.Instance["t1"].Users} people, ", row.GetProperty("proved").GetString());
        var one = await proved.RunAsync("snapshots", proved.Snapshots["t1"]);
        var proof = one.Events.Single(line => line.GetProperty("event").GetString() == "proof"
            && line.GetProperty("person").GetInt64() == account.UserId && line.GetProperty("share").GetString() == "100 %");
        Assert.Equal("proved", proof.GetProperty("verdict").GetString());
    }

    [Theory]
    [InlineData("prove")]
    [InlineData("export", "--to", "photos")]
    public async Task The_password_is_asked_for_before_the_database_is_decrypted(params string[] command)
    {
        var proved = await repositories.OpenAsync(KnownInstances.Sample);
        var user = proved.Instance["t1"][Role.Owner].Email;
        var run = await proved.RunAsync([.. command, "--user", user, "--identity", "identity.txt"]);
        Assert.Equal(ExitCode.BadInput, run.Code);
        Assert.Contains($"the password of {user} is needed", run.Output);
        Assert.DoesNotContain(run.Events, line => line.GetProperty("event").GetString() == "step");
    }

    [Theory]
    [InstanceData]
    public async Task Names_are_in_the_report_when_they_are_asked_for(string name)
    {
        var proved = await repositories.OpenAsync(name);
        var run = await proved.ProveAsync("t1", Role.Sharee, "--names", "--report", "names.html", "--without-record");
        var report = await File.ReadAllTextAsync(proved.Folder["names.html"], Token);
        Assert.Equal(ExitCode.Done, run.Code);
        var person = proved.Instance["t1"][Role.Sharee];
        Assert.All(person.Albums, album => Assert.Contains(
            WebUtility.HtmlEncode(album.Name) + (album.OwnerId == person.UserId ? "" : " <small>shared by another</small>"), report));
        Assert.False(run.Summary.GetProperty("kept").GetBoolean());
    }

    [Theory]
    [InstanceData]
    public async Task What_an_earlier_proof_decrypted_is_not_read_again_and_is_counted(string name)
    {
        var proved = await repositories.OpenAsync(name);
        var first = await proved.ProveAsync("t1", Role.Keeper);
        Assert.Equal((Files("t1"), 0L), (first["proved"], first["provedBefore"]));
        var again = await proved.ProveAsync("t1", Role.Keeper, "--new", "--without-record");
        Assert.Equal((Files("t1"), WithBytes("t1"), 0L), (again["proved"], again["provedBefore"], again["decryptedBytes"]));
        var later = await proved.ProveAsync("t2", Role.Keeper, "--new", "--without-record");
        Assert.Equal((Files("t2"), WithBytes("t1"), 0L), (later["proved"], later["provedBefore"], later["decryptedBytes"]));
        var whole = await proved.ProveAsync("t2", Role.Keeper, "--without-record");
        Assert.Equal((Files("t2"), 0L), (whole["proved"], whole["provedBefore"]));
        Assert.NotEqual(0, whole["decryptedBytes"]);

        // What is new to the keeper at the second moment has no bytes.
        long Files(string moment) => proved.Instance[moment][Role.Keeper].Files.Count;
        long WithBytes(string moment) => proved.Instance[moment][Role.Keeper].Files.Count(file => file.HasContent);
    }

    [Theory]
    [InstanceData(Only = KnownInstances.Sample)]
    public async Task What_somebody_else_has_put_beside_the_proofs_counts_for_nothing_and_stops_nothing(string name)
    {
        var proved = await repositories.OpenAsync(name);
        Assert.Equal(ExitCode.Done, (await proved.ProveAsync("t1", Role.Keeper)).Code);
        var before = await proved.ProveAsync("t1", Role.Keeper, "--new", "--without-record");
        using var other = AgeIdentity.Generate();
        string[] planted =
        [
            await PlantAsync(proved, 1, other.Recipient, "00", isNamed: true), await PlantAsync(proved, 2, null, "00", isNamed: false),
            await PlantAsync(proved, 3, null, new string('0', 100_000_000), isNamed: true),
        ];
        try
        {
            var run = await proved.ProveAsync("t1", Role.Keeper, "--new", "--without-record");
            Assert.Equal(
                planted, run.Findings.Where(finding => finding.GetProperty("code").GetString() == "earlier-proof-unusable")
                    .Select(finding => finding.GetProperty("subject").GetString()));
            Assert.Equal((before["proved"], before["provedBefore"]), (run["proved"], run["provedBefore"]));
            Assert.Equal("proved", run.Summary.GetProperty("verdict").GetString());
        }
        finally
        {
            foreach (var key in planted)
            {
                File.Delete(Path.Combine(proved.Repository, key));
                File.Delete(Path.Combine(proved.Repository, Path.ChangeExtension(key, ".stamps.zst.age")));
            }
        }
    }

    [Theory]
    [InstanceData("5%")]
    [InstanceData("50")]
    public async Task A_sample_is_exactly_the_share_that_was_asked_for(string name, string share)
    {
        var proved = await repositories.OpenAsync(name);
        var run = await proved.ProveAsync("t1", Role.Owner, "--sample", share, "--without-record");
        var wanted = (long)Math.Ceiling(run["files"] * double.Parse(share.TrimEnd('%')) / 100);
        Assert.Equal(ExitCode.Done, run.Code);
        Assert.Equal(run["files"] - wanted, run["notSampled"]);
        Assert.Equal(wanted, run["proved"]);
        Assert.Equal("sample proved", run.Summary.GetProperty("verdict").GetString());
    }

    [Theory]
    [InstanceData("0%")]
    [InstanceData("101%")]
    [InstanceData("some")]
    public async Task A_share_that_is_none_is_refused(string name, string share) =>
        Assert.Equal(ExitCode.BadInput, (await (await repositories.OpenAsync(name)).ProveAsync("t1", Role.Owner, "--sample", share)).Code);

    [Theory]
    [InstanceData]
    public async Task A_wrong_password_is_no_damage(string name)
    {
        var proved = await repositories.OpenAsync(name);
        await File.WriteAllTextAsync(proved.Folder["wrong"], "hunter2", Token);
        var run = await proved.RunAsync(
            "prove", "--user", proved.Instance["t1"][Role.Sharee].Email, "--password-file", "wrong", "--identity", "identity.txt");
        Assert.Equal(ExitCode.BadInput, run.Code);
        Assert.Contains("the password does not open this account", run.Message);
        Assert.Contains("the recovery key opens every snapshot", run.Hint);
        Assert.DoesNotContain("hunter2", run.Output + run.Error);
    }

    [Theory]
    [InstanceData]
    public async Task A_typing_error_in_the_recovery_key_is_told_from_another_account_s_key(string name)
    {
        var proved = await repositories.OpenAsync(name);
        var words = proved.Instance["t1"][Role.Owner].RecoveryWords.Split(' ');
        (words[0], words[1]) = (words[1], words[0]);
        await File.WriteAllTextAsync(proved.Folder["swapped"], string.Join(' ', words), Token);
        words[3] = "alise";
        await File.WriteAllTextAsync(proved.Folder["misspelt"], string.Join(' ', words), Token);
        foreach (var (file, message) in new[]
        {
            ("swapped", "the checksum of the recovery key does not fit"),
            ("misspelt", "word 4 of the recovery key is not in the list of words"),
            ($"t1-{Role.Sharee}-words", "the recovery key is not this account's"),
        })
        {
            var run = await proved.RunAsync(
                "prove", "--user", proved.Instance["t1"][Role.Owner].Email, "--recovery-key-file", file, "--identity", "identity.txt");
            Assert.Equal(ExitCode.BadInput, run.Code);
            Assert.Contains(message, run.Message);
        }
    }

    [Theory]
    [InstanceData("nobody@nestegg.example")]
    [InstanceData("4711")]
    public async Task An_unknown_user_is_named(string name, string user)
    {
        var proved = await repositories.OpenAsync(name);
        var run = await proved.RunAsync(
            "prove", "--user", user, "--recovery-key-file", $"t1-{Role.Sharee}-words", "--identity", "identity.txt");
        Assert.Equal(ExitCode.BadInput, run.Code);
        Assert.Contains($"has no account {user}", run.Message);
    }

    [Theory]
    [InstanceData(Only = KnownInstances.Sample)]
    public async Task Somebody_whose_sign_up_was_never_finished_has_nothing_to_open(string name)
    {
        var proved = await repositories.OpenAsync(name);
        var run = await proved.RunAsync(
            "prove", "--user", "eve@example.org", "--password-file", $"t1-{Role.Owner}-password", "--identity", "identity.txt");
        Assert.Equal(ExitCode.BadInput, run.Code);
        Assert.Contains("its sign-up was not finished", run.Message);
    }

    [Theory]
    [InstanceData]
    public async Task A_person_may_be_given_by_number(string name)
    {
        var proved = await repositories.OpenAsync(name);
        var number = $"{proved.Instance["t2"][Role.Sharee].UserId}";
        var run = await proved.RunAsync("prove", "--user", number, "--recovery-key-file", $"t2-{Role.Sharee}-words", "--identity",
            "identity.txt", "--without-record", "--sample", "1%");
        Assert.Equal((ExitCode.Done, number), (run.Code, run.Summary.GetProperty("userId").GetString()));
    }

    private static async Task<Dictionary<string, string>> OpenTarAsync(ProvedInstance proved, string path)
    {
        using var identities = await AgeIdentityFile.ReadAsync(
            File.OpenRead(proved.Folder["identity.txt"]), "identity", (_, _, _) => throw new InvalidOperationException(), Token);
        await using var tar = new TarReader(
            new ZstdReader(await AgeReader.OpenAsync(File.OpenRead(path), path, identities.Identities, [], Token), path));
        var entries = new Dictionary<string, string>();
        while (await tar.GetNextEntryAsync(copyData: true, Token) is { } entry)
        {
            entries[entry.Name] = await new StreamReader(entry.DataStream!).ReadToEndAsync(Token);
        }

        return entries;
    }

    private static IEnumerable<string> Secrets(KnownPerson account) =>
        [account.Password, account.RecoveryWords, account.RecoveryWords.Split(' ')[0] + " " + account.RecoveryWords.Split(' ')[1]];

    /// <summary>Puts a proof of the keeper there that nobody made.</summary>
    /// <param name="recipient">Whom its stamps are encrypted to; null for the repository's.</param>
    /// <param name="isNamed">Whether its summary names these stamps.</param>
    /// <returns>The summary's key.</returns>
    private static async Task<string> PlantAsync(
        ProvedInstance proved, int number, AgeRecipient? recipient, string stamps, bool isNamed)
    {
        var userId = proved.Instance["t1"][Role.Keeper].UserId;
        var name = $"proofs/{proved.Snapshots["t1"]}/prove-2099010{number}T000000Z-{userId}";
        await using var store = new LocalStore(proved.Repository);
        await using var repository = await Repository.OpenAsync(new LocalStore(proved.Repository), Token);
        await using var part = await PartWriter.CreateAsync(
            store, name + ".stamps.zst.age", 1000, recipient is null ? repository.Recipients : [recipient], Token);
        await part.Content.WriteAsync(Encoding.ASCII.GetBytes(stamps), Token);
        var file = await part.CommitAsync(Token);
        var kept = Directory.GetFiles(Path.Combine(proved.Repository, "proofs", proved.Snapshots["t1"]), $"prove-*-{userId}.json")
            .Order(StringComparer.Ordinal).First();
        var summary = JsonNode.Parse(await File.ReadAllTextAsync(kept, Token))!;
        summary["files"] = new JsonArray(new JsonObject
        {
            ["name"] = file.Name, ["sizeBytes"] = file.SizeBytes, ["sha256"] = isNamed ? file.Sha256.ToString() : new string('0', 64),
        });
        await File.WriteAllTextAsync(Path.Combine(proved.Repository, name + ".json"), summary.ToJsonString(), Token);
        return name + ".json";
    }

    /// <summary>Names of albums and files that are unlike any word of ours.</summary>
    private static IEnumerable<string> Names(KnownPerson account) =>
        account.Albums.SelectMany(album => album.Files.Select(file => file.Name!).Append(album.Name))
            .Where(name => name.Length > 6 && name is not ("Favorites" or "Uncategorized" or ".hidden"));
}

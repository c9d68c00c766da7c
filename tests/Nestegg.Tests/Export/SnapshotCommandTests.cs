using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Nestegg.Cli;
using Nestegg.Cli.Commands;
using Nestegg.Stores;
using Nestegg.TestKit;

namespace Nestegg.Tests.Export;

/// <summary><c>export</c> and <c>find</c> as a person types them, on a repository with both moments of the recorded instance.</summary>
public sealed class SnapshotCommandTests : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();
    private string _first = "";
    private string _second = "";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        Assert.SkipUnless(FixtureFolder.IsPresent, FixtureFolder.SkipReason);
        await using var store = LocalStore.Create(_folder["repository"]);
        using var sample = await SampleRepository.CreateAsync(store, Token);
        _first = (await sample.BackUpFamilyAsync("t1", Token)).Id.ToString();
        _second = (await sample.BackUpFamilyAsync("t2", Token)).Id.ToString();
        await File.WriteAllBytesAsync(_folder["identity.txt"], [.. sample.Identity.ToText(), (byte)'\n'], Token);
        foreach (var email in (string[])[FamilyAccount.Alice, FamilyAccount.Bob, FamilyAccount.Carol])
        {
            await File.WriteAllTextAsync(_folder[email], FamilyAccount.Of("t2", email).RecoveryWords + "\n", Token);
        }

        await File.WriteAllTextAsync(_folder["old-password"], FamilyAccount.Of("t1", FamilyAccount.Alice).Password, Token);
        await File.WriteAllTextAsync(_folder["new-password"], FamilyAccount.Of("t2", FamilyAccount.Alice).Password, Token);
    }

    public ValueTask DisposeAsync()
    {
        _folder.Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task Both_snapshots_are_exported_by_password_with_every_byte_of_the_official_program()
    {
        foreach (var (snapshot, moment, password) in new[] { (_first, "t1", "old-password"), ("latest", "t2", "new-password") })
        {
            var (code, output, error) = await RunAsync(
                "export", "--snapshot", snapshot, "--user", FamilyAccount.Alice.ToUpperInvariant(), "--password-file", password, "--to", moment, "--json");

            Assert.Equal((ExitCode.Done, ""), (code, error));
            var summary = JsonDocument.Parse(output.TrimEnd().Split('\n')[^1]).RootElement;
            Assert.Equal(0, summary.GetProperty("problems").GetInt64());
            foreach (var columns in Official(moment, "alice"))
            {
                var path = Path.Combine(_folder[moment], columns[2]["alice/".Length..]);
                Assert.Equal(columns[0], Convert.ToHexStringLower(SHA256.HashData(await File.ReadAllBytesAsync(path, Token))));
            }
        }
    }

    [Fact]
    public async Task Yesterday_s_password_does_not_open_today_s_snapshot()
    {
        var (code, _, error) = await RunAsync("export", "--user", FamilyAccount.Alice, "--password-file", "old-password", "--to", "photos");
        Assert.Equal(ExitCode.BadInput, code);
        Assert.Contains("the password does not open this account", error);
        var unknown = await RunAsync("export", "--user", "nobody@example.org", "--password-file", "old-password", "--to", "photos");
        Assert.Contains("has no account nobody@example.org", unknown.Error);
    }

    [Fact]
    public async Task Locker_items_and_their_file_are_exported()
    {
        var (code, output, _) = await RunAsync("export", "--user", FamilyAccount.Carol, "--recovery-key-file", FamilyAccount.Carol, "--to", "carol");
        Assert.Equal(ExitCode.Done, code);
        Assert.Contains("items of Locker:", output);
        var bank = JsonDocument.Parse(await File.ReadAllBytesAsync(Path.Combine(_folder["carol"], "Locker", "Documents", "Bank.json"), Token)).RootElement;
        Assert.Equal("s3cret", bank.GetProperty("data").GetProperty("password").GetString());
        Assert.True(File.Exists(Path.Combine(_folder["carol"], "Locker", "Documents", "passport.pdf")));
    }

    [Fact]
    public async Task Find_says_since_when_and_until_when_a_file_was_there()
    {
        var (code, output, _) = await RunAsync("find", "--all-snapshots", "--user", FamilyAccount.Alice, "--password-file", "new-password", "--json");
        Assert.Equal(ExitCode.Done, code);
        var found = output.TrimEnd().Split('\n').Select(line => JsonDocument.Parse(line).RootElement).Where(line => line.GetProperty("event").GetString() == "found").ToList();

        var old = found.Single(line => line.GetProperty("name").GetString() == "IMG_5001.JPG" && line.GetProperty("since").GetString() == _first);
        Assert.Equal(("Live", _second, "trash"), (old.GetProperty("album").GetString(), old.GetProperty("until").GetString(), old.GetProperty("state").GetString()));
        var newYear = found.Single(line => line.GetProperty("name").GetString() == "IMG_7000.JPG");
        Assert.Equal((_second, _second, ""), (newYear.GetProperty("since").GetString(), newYear.GetProperty("until").GetString(), newYear.GetProperty("state").GetString()));
        Assert.Equal(2, found.Count(line => line.GetProperty("album").GetString() == ".hidden" && line.GetProperty("state").GetString() == "hidden"));
    }

    [Fact]
    public async Task Find_looks_for_albums_names_and_days()
    {
        var (_, output, _) = await RunAsync(
            "find", "--snapshot", _first, "--user", FamilyAccount.Alice, "--recovery-key-file", FamilyAccount.Alice,
            "--album", "japan*", "--name", "img_400?.jpg", "--from", "2023-04-01", "--until", "2023-05-01", "--json");
        var names = output.TrimEnd().Split('\n').Select(line => JsonDocument.Parse(line).RootElement).Where(line => line.GetProperty("event").GetString() == "found")
            .Select(line => line.GetProperty("name").GetString()).ToList();
        Assert.NotEmpty(names);
        Assert.All(names, name => Assert.StartsWith("IMG_400", name));
        Assert.Equal(names.Order(StringComparer.Ordinal), names);
    }

    private static IEnumerable<string[]> Official(string moment, string folder) =>
        File.ReadLines(Path.Combine(FixtureFolder.Path, "official-cli", $"{moment}.tsv")).Skip(1).Select(line => line.Split('\t'))
            .Where(columns => columns[2].StartsWith(folder + "/", StringComparison.Ordinal));

    private async Task<(ExitCode Code, string Output, string Error)> RunAsync(params string[] arguments)
    {
        var (output, error) = (new StringWriter(new StringBuilder()), new StringWriter(new StringBuilder()));
        var host = new CommandHost { Out = output, Error = error, Environment = new Dictionary<string, string>(), WorkingFolder = _folder.Path };
        var code = await CommandLine.RunAsync([.. arguments, "--repository", _folder["repository"], "--identity", _folder["identity.txt"]], host, Token);
        return (code, output.ToString(), error.ToString());
    }
}

using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Nestegg.Cli;
using Nestegg.Cli.Commands;
using Nestegg.Ente.Database;
using Nestegg.TestKit;
using Nestegg.TestKit.Museum;

namespace Nestegg.Tests.Export;

/// <summary><c>export --live</c> as a person types it, against a server that answers as the real museum was recorded to.</summary>
public sealed class LiveExportTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("t1", FamilyAccount.Alice, "alice", true)]
    [InlineData("t2", FamilyAccount.Alice, "alice", false)]
    [InlineData("t2", FamilyAccount.Bob, "bob", true)]
    public async Task Every_byte_is_the_official_program_s_and_no_token_reaches_the_store(string moment, string email, string folder, bool byPassword)
    {
        var (code, output, error, museum) = await ExportAsync(moment, email, byPassword);
        Assert.Equal((ExitCode.Done, ""), (code, error));
        Assert.Empty(museum.Store.Leaks);
        Assert.Equal(0, museum.OpenSessions);
        Assert.InRange(museum.Store.MostActive, 2, 12);
        var lines = File.ReadLines(Path.Combine(FixtureFolder.Path, "official-cli", $"{moment}.tsv")).Skip(1).Select(line => line.Split('\t'))
            .Where(columns => columns[2].StartsWith(folder + "/", StringComparison.Ordinal)).ToList();
        foreach (var columns in lines)
        {
            var path = Path.Combine(_folder["photos"], columns[2][(folder.Length + 1)..]);
            Assert.Equal(columns[0], Convert.ToHexStringLower(SHA256.HashData(await File.ReadAllBytesAsync(path, Token))));
        }

        Assert.Equal(0, JsonDocument.Parse(output.TrimEnd().Split('\n')[^1]).RootElement.GetProperty("problems").GetInt64());
        Assert.Equal(email == FamilyAccount.Alice, File.Exists(Path.Combine(_folder["photos"], "ente_auth.txt")));
    }

    [Fact]
    public async Task Locker_is_exported_with_a_second_sign_in()
    {
        var (code, _, _, _) = await ExportAsync("t2", FamilyAccount.Carol, byPassword: false, "--locker");
        Assert.Equal(ExitCode.Done, code);
        Assert.True(File.Exists(Path.Combine(_folder["photos"], "Locker", "Documents", "Bank.json")));
        Assert.True(File.Exists(Path.Combine(_folder["photos"], "Locker", "Documents", "passport.pdf")));
    }

    private async Task<(ExitCode Code, string Output, string Error, RecordedMuseum Museum)> ExportAsync(string moment, string email, bool byPassword, params string[] more)
    {
        Assert.SkipUnless(FixtureFolder.IsPresent, FixtureFolder.SkipReason);
        await using var dump = File.OpenRead(FixtureFolder.Dump(moment));
        await using var database = await ArchiveDatabase.LoadAsync(dump, EnteTables.Library, Path.GetTempPath(), Token);
        var person = FamilyAccount.Of(moment, email);
        var objects = FixtureFolder.Objects(moment).ToDictionary(found => found.Key, found => found.FilePath);
        await using var museum = await RecordedMuseum.StartAsync(
            database.Connection, new Dictionary<string, MuseumAccount> { [email] = new(person.UserId, person.TotpSecret) }, objects.GetValueOrDefault, Token);
        museum.Store.Delay = TimeSpan.FromMilliseconds(5);
        await File.WriteAllTextAsync(_folder["secret"], byPassword ? person.Password : person.RecoveryWords, Token);
        var environment = new Dictionary<string, string> { ["NESTEGG_EMAIL_CODE"] = "204060" };
        if (person.TotpSecret is not null) environment["NESTEGG_TOTP"] = Totp.Code(person.TotpSecret, DateTimeOffset.UtcNow);
        var (output, error) = (new StringWriter(new StringBuilder()), new StringWriter(new StringBuilder()));
        var host = new CommandHost { Out = output, Error = error, Environment = environment, WorkingFolder = _folder.Path };
        var code = await CommandLine.RunAsync(
            ["export", "--live", museum.Endpoint.ToString(), "--user", email, byPassword ? "--password-file" : "--recovery-key-file", "secret", "--to", "photos", "--json", .. more], host, Token);
        return (code, output.ToString(), error.ToString(), museum);
    }
}

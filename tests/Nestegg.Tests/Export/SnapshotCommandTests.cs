using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Nestegg.Cli;
using Nestegg.Cli.Terminal;
using Nestegg.TestKit;
using Nestegg.TestKit.Instances;
using Nestegg.Tests.Proof;

namespace Nestegg.Tests.Export;

/// <summary><c>export</c> and <c>find</c> as a person types them, on a repository with both moments of a known instance.</summary>
public sealed class SnapshotCommandTests(ProvedInstances repositories) : IClassFixture<ProvedInstances>, IDisposable
{
    private readonly TemporaryFolder folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => folder.Dispose();

    [Theory]
    [InstanceData]
    public async Task Both_snapshots_are_exported_by_password_with_every_byte_of_the_official_program(string name)
    {
        var proved = await repositories.OpenAsync(name);
        foreach (var (snapshot, moment) in new[] { (proved.Snapshots["t1"], "t1"), ("latest", "t2") })
        {
            var owner = proved.Instance[moment][Role.Owner];
            var (code, output, error) = await RunAsync(
                proved, "export", "--snapshot", snapshot, "--user", owner.Email.ToUpperInvariant(), "--password-file",
                $"{moment}-{Role.Owner}-password", "--to", folder[moment], "--json");

            Assert.Equal((ExitCode.Done, ""), (code, error));
            var summary = JsonDocument.Parse(output.TrimEnd().Split('\n')[^1]).RootElement;
            Assert.Equal(0, summary.GetProperty("problems").GetInt64());
            foreach (var path in owner.Export!)
            {
                Assert.Equal(path.Sha256, Convert.ToHexStringLower(
                    SHA256.HashData(await File.ReadAllBytesAsync(Path.Combine(folder[moment], path.Path), Token))));
            }
        }
    }

    [Theory]
    [InstanceData]
    public async Task Yesterday_s_password_does_not_open_today_s_snapshot(string name)
    {
        var proved = await repositories.OpenAsync(name);
        var email = proved.Instance["t2"][Role.Owner].Email;
        var (code, _, error) = await RunAsync(
            proved, "export", "--user", email, "--password-file", $"t1-{Role.Owner}-password", "--to", folder["photos"]);
        Assert.Equal(ExitCode.BadInput, code);
        Assert.Contains("the password does not open this account", error);
        var unknown = await RunAsync(
            proved, "export", "--user", "nobody@example.org", "--password-file", $"t1-{Role.Owner}-password", "--to", folder["photos"]);
        Assert.Contains("has no account nobody@example.org", unknown.Error);
    }

    [Theory]
    [InstanceData]
    public async Task Locker_items_and_their_file_are_exported(string name)
    {
        var proved = await repositories.OpenAsync(name);
        var keeper = proved.Instance["t2"][Role.Keeper];
        var (code, output, _) = await RunAsync(
            proved, "export", "--user", keeper.Email, "--recovery-key-file", $"t2-{Role.Keeper}-words", "--to", folder["keeper"]);
        Assert.Equal(ExitCode.Done, code);
        Assert.Contains("items of Locker:", output);
        var album = keeper.Albums.First(album => album.App == "locker");
        Assert.Contains(album.Files, file => file.HasContent);
        foreach (var file in album.Files)
        {
            var bytes = await File.ReadAllBytesAsync(
                folder[$"keeper/Locker/{album.Name}/{file.Name}{(file.HasContent ? "" : ".json")}"], Token);
            if (file.Info is { } info)
            {
                Assert.True(JsonElement.DeepEquals(info, JsonDocument.Parse(bytes).RootElement));
            }
            else
            {
                Assert.Equal(file.Sha256, Convert.ToHexStringLower(SHA256.HashData(bytes)));
            }
        }
    }

    [Theory]
    [InstanceData]
    public async Task Find_says_since_when_and_until_when_a_file_was_there(string name)
    {
        var proved = await repositories.OpenAsync(name);
        var (first, second) = (proved.Snapshots["t1"], proved.Snapshots["t2"]);
        var (before, after) = (proved.Instance["t1"][Role.Owner], proved.Instance["t2"][Role.Owner]);
        var (code, output, _) = await RunAsync(
            proved, "find", "--all-snapshots", "--user", after.Email, "--password-file", $"t2-{Role.Owner}-password", "--json");
        Assert.Equal(ExitCode.Done, code);
        var found = Found(output);

        Assert.NotEmpty(after.TrashedSince);
        foreach (var (albumId, fileId) in after.TrashedSince)
        {
            var album = before.Albums.Single(album => album.Id == albumId);
            var file = album.Files.Single(file => file.Id == fileId);
            var old = found.Single(line => line.GetProperty("name").GetString() == file.Name
                && line.GetProperty("album").GetString() == album.Name && line.GetProperty("since").GetString() == first);
            Assert.Equal((second, "trash"), (old.GetProperty("until").GetString(), old.GetProperty("state").GetString()));
        }

        var added = after.Albums.ExceptBy(before.Albums.Select(album => album.Id), album => album.Id).SelectMany(album => album.Files)
            .ToList();
        Assert.NotEmpty(added);
        foreach (var file in added)
        {
            var line = found.Single(
                line => line.GetProperty("name").GetString() == file.Name && line.GetProperty("since").GetString() == second);
            Assert.Equal((second, ""), (line.GetProperty("until").GetString(), line.GetProperty("state").GetString()));
        }

        var hidden = after.Albums.Single(album => album.SubType == 1);
        Assert.Equal(hidden.Files.Count,
            found.Count(line => line.GetProperty("album").GetString() == hidden.Name && line.GetProperty("state").GetString() == "hidden"));
    }

    [Theory]
    [InstanceData]
    public async Task Find_looks_for_albums_names_and_days(string name)
    {
        var proved = await repositories.OpenAsync(name);
        var owner = proved.Instance["t1"][Role.Owner];
        var numbered = new Regex(@"^IMG_\d{4}\.");
        var album = owner.Albums.MaxBy(album => album.Files.Count(file => numbered.IsMatch(file.Name!)))!;
        var model = album.Files.First(file => numbered.IsMatch(file.Name!)).Name!;
        var (stem, extension) = (Path.GetFileNameWithoutExtension(model)[..^1], Path.GetExtension(model));
        var alike = new Regex($"^{stem}.{Regex.Escape(extension)}$");
        var matching = album.Files.Where(file => alike.IsMatch(file.Name!)).OrderBy(file => file.Time).ToList();
        // From the day of the first to before the day of the last, so that some are found and not all.
        var (from, until) = (Day(matching[0]), Day(matching[^1]));
        var wanted = matching.Where(file => Day(file) < until).Select(file => file.Name).Order(StringComparer.Ordinal).ToList();
        Assert.InRange(wanted.Count, 1, matching.Count - 1);

        var (_, output, _) = await RunAsync(
            proved, "find", "--snapshot", proved.Snapshots["t1"], "--user", owner.Email, "--recovery-key-file", $"t1-{Role.Owner}-words",
            "--album", album.Name[..5].ToLowerInvariant() + "*", "--name", $"{stem}?{extension}".ToLowerInvariant(), "--from",
            $"{from:yyyy-MM-dd}", "--until", $"{until:yyyy-MM-dd}", "--json");
        Assert.Equal(wanted, Found(output).Select(line => line.GetProperty("name").GetString()));

        static DateTime Day(KnownFile file) => DateTime.UnixEpoch.AddTicks(file.Time * TimeSpan.TicksPerMicrosecond).Date;
    }

    private static List<JsonElement> Found(string output) =>
        [.. output.TrimEnd().Split('\n').Select(line => JsonDocument.Parse(line).RootElement)
            .Where(line => line.GetProperty("event").GetString() == "found")];

    private static async Task<(ExitCode Code, string Output, string Error)> RunAsync(ProvedInstance proved, params string[] arguments)
    {
        var (output, error) = (new StringWriter(new StringBuilder()), new StringWriter(new StringBuilder()));
        var host = new CommandHost
        {
            Out = output, Error = error, Environment = new Dictionary<string, string>(), WorkingFolder = proved.Folder.Path,
        };
        var code = await CommandLine.RunAsync([.. arguments, "--repository", proved.Repository, "--identity", "identity.txt"], host, Token);
        return (code, output.ToString(), error.ToString());
    }
}

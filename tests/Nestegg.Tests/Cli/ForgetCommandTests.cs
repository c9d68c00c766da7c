using System.Text.Json;
using Nestegg.Cli;
using Nestegg.Cli.Terminal;
using Nestegg.Repositories.Files;
using Nestegg.Repositories.Manifests;
using Nestegg.Stores.Local;
using Nestegg.TestKit;

namespace Nestegg.Tests.Cli;

/// <summary><c>forget</c> and <c>unforget</c> as people type them, on a repository in a folder.</summary>
public sealed class ForgetCommandTests : IDisposable
{
    private static readonly Dictionary<string, byte[]> Objects = new()
    {
        ["1/large"] = SampleRepository.Content(1_100_000, 1), ["1/thumb"] = SampleRepository.Content(5_000, 2),
    };

    private readonly TemporaryFolder folder = new();
    private readonly StillTime time = new(new DateTimeOffset(2026, 11, 27, 12, 0, 0, TimeSpan.Zero));
    private StringWriter output = new();
    private StringWriter error = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task What_was_forgotten_is_not_listed_and_comes_back_as_it_was()
    {
        using var sample = await MakeAsync();
        await ConfigureAsync("  keep-daily: 2\n");
        var ids = await BackUpAsync(sample, "2026-11-24", "2026-11-25", "2026-11-26");
        var before = Contents();

        Assert.Equal(ExitCode.Done, await RunAsync("forget --dry-run"));
        Assert.Equal(before, Contents());
        Assert.Contains($"{ids[0]}  2026-11-24 00:00Z\n", output.ToString());
        Assert.Contains("forgotten\n", output.ToString());
        Assert.Contains("kept: daily 2026-11-25\n", output.ToString());

        Assert.Equal(ExitCode.Done, await RunAsync("forget"));
        Assert.Equal(ExitCode.Done, await RunAsync("snapshots --json"));
        Assert.Equal(ids[1..], Rows("snapshot").Select(row => row.GetProperty("id").GetString()));
        Assert.Equal(1, Summary().GetProperty("forgotten").GetInt32());
        Assert.Equal(ExitCode.Done, await RunAsync("snapshots --forgotten"));
        Assert.Contains(ids[0], output.ToString());
        Assert.Equal(ExitCode.Done, await RunAsync($"snapshots {ids[0]}"));
        Assert.Contains("was forgotten at 2026-11-27 12:00:00 UTC", output.ToString());
        Assert.Equal(ExitCode.Done, await RunAsync("check --read"));

        // A second time there is nothing left to be forgotten, and nothing is written.
        var forgotten = Contents();
        Assert.Equal(ExitCode.Done, await RunAsync("forget"));
        Assert.Equal(forgotten, Contents());

        Assert.Equal(ExitCode.Done, await RunAsync($"unforget {ids[0]}"));
        Assert.Equal(ExitCode.Done, await RunAsync("snapshots --json"));
        Assert.Equal(ids, Rows("snapshot").Select(row => row.GetProperty("id").GetString()));
        Assert.Equal(before, Contents().Where(file => !file.Key.StartsWith("forgotten/", StringComparison.Ordinal)));
        Assert.Equal(ExitCode.BadInput, await RunAsync($"unforget {ids[0]}"));
        Assert.Contains($"no snapshot '{ids[0]}' is forgotten", error.ToString());
    }

    [Fact]
    public async Task Unforget_takes_all_back_that_is_there_and_says_what_is_not()
    {
        using var sample = await MakeAsync();
        await ConfigureAsync("  keep-last: 1\n");
        var ids = await BackUpAsync(sample, "2026-11-24", "2026-11-25", "2026-11-26");
        Assert.Equal(ExitCode.Done, await RunAsync("forget --quiet"));
        Assert.Equal("", output.ToString() + error);
        Directory.Delete(folder[$"repository/snapshots/{ids[0]}"], recursive: true);
        Assert.Equal(ExitCode.BadInput, await RunAsync($"unforget {ids[1]} {ids[0]}"));
        Assert.Contains("is removed by now", error.ToString());
        Assert.Equal(ExitCode.BadInput, await RunAsync("unforget"));
        Assert.Equal(ExitCode.BadInput, await RunAsync($"unforget --all {ids[1]}"));
        Assert.Equal(ExitCode.BadInput, await RunAsync($"unforget {ids[0][..4]}"));
        Assert.Contains("may be any of 2 forgotten snapshots", error.ToString());
        Assert.Equal(ExitCode.Done, await RunAsync("unforget --all --json"));
        Assert.Equal((1, 1), (Summary().GetProperty("kept").GetInt32(), Summary().GetProperty("removed").GetInt32()));
        Assert.Equal(ExitCode.Done, await RunAsync("check"));
    }

    [Theory]
    [InlineData("forget", "", "no rule says what is to be kept")]
    [InlineData("forget --keep-last 0", "", "no rule says what is to be kept")]
    [InlineData("forget --keep-daily -1", "", "--keep-daily: `-1` is no whole number, nor `unlimited`")]
    [InlineData("forget --keep-within 30", "", "--keep-within: `30` is no duration; one is like 30d, 6m or 2y5m7d3h")]
    [InlineData("forget --keep-last 1 --accept-shrunk latest", "", "--accept-shrunk: `latest` is no snapshot's id")]
    [InlineData("forget", "  time-zone: Europe/Atlantis\n", "retention.time-zone: this machine knows no time zone `Europe/Atlantis`")]
    [InlineData("forget", "  keep-weekly: many\n", "retention.keep-weekly: `many` is no whole number, nor `unlimited`")]
    [InlineData("forget", "  keep-week: 1\n", "retention.keep-week: no such key")]
    public async Task What_cannot_be_meant_is_said(string command, string retention, string message)
    {
        using var sample = await MakeAsync();
        await ConfigureAsync(retention);
        await BackUpAsync(sample, "2026-11-24", "2026-11-25");
        Assert.Equal(ExitCode.BadInput, await RunAsync(command));
        Assert.Contains(message, error.ToString());
        Assert.False(Directory.Exists(folder["repository/forgotten"]));
    }

    [Fact]
    public async Task Options_replace_what_is_configured_and_rules_count_for_their_own_repository_alone()
    {
        using var sample = await MakeAsync();
        await ConfigureAsync("  keep-last: 1\n  time-zone: Asia/Tokyo\n");
        var ids = await BackUpAsync(sample, "2026-11-24 16:00", "2026-11-25 16:00", "2026-11-26 16:00");
        Assert.Equal(ExitCode.Done, await RunAsync("forget --keep-within 1d1h --dry-run --json"));
        Assert.Equal([false, true, true], Rows("plan").Select(row => row.GetProperty("kept").GetBoolean()));
        Assert.Equal("2026-11-25T01:00:00+09:00", Rows("plan")[0].GetProperty("time").GetString());
        Assert.Contains("within 1d1h", Rows("plan")[1].GetProperty("keptFor").EnumerateArray().Select(reason => reason.GetString()));
        Assert.Equal(ExitCode.Done, await RunAsync("snapshots"));
        Assert.Contains($"{ids[0]}   2026-11-25 01:00 +09:00   yes", output.ToString());

        CopyRepository("other");
        Assert.Equal(ExitCode.BadInput, await RunAsync($"forget --repository {folder["other"]}"));
        Assert.Equal(ExitCode.Done, await RunAsync($"forget --repository {folder["repository"]} --dry-run"));
    }

    [Theory]
    [InlineData(80)]
    [InlineData(60)]
    public async Task The_plan_fits_the_window_and_ids_stay_whole(int columns)
    {
        using var sample = await MakeAsync();
        await ConfigureAsync(
            "  time-zone: Europe/Berlin\n  keep-last: 3\n  keep-hourly: 24\n  keep-daily: 7\n  keep-weekly: 5\n  keep-monthly: 12\n"
            + "  keep-yearly: unlimited\n  keep-within-daily: 2y5m7d3h\n");
        var ids = await BackUpAsync(sample, "2026-11-24", "2026-11-25", "2026-11-26", "2026-11-26 00:10");
        Assert.Equal(ExitCode.Done, await RunAsync("forget --dry-run", columns));
        Assert.All(output.ToString().Split('\n'), line => Assert.True(line.Length <= columns, line));
        Assert.All(ids, id => Assert.Contains(id, output.ToString()));
        Assert.Contains("2026-11-26 01:10 +01:00", output.ToString());
    }

    [Fact]
    public async Task Several_instances_in_one_repository_are_planned_each_by_itself_and_counted()
    {
        using var sample = await MakeAsync();
        await ConfigureAsync("  keep-last: 1\n");
        await BackUpAsync(sample, "2026-11-24", "2026-11-25");
        await sample.BackUpAsync(Objects, Token, change: manifest => At(manifest, "2026-11-26") with
        {
            Instance = manifest.Instance with { Name = "another" },
        });
        Assert.Equal(ExitCode.Done, await RunAsync("forget --dry-run"));
        Assert.Contains("another: 1 snapshot, 1 kept, 0 forgotten\n", output.ToString());
        Assert.Contains("sample: 2 snapshots, 1 kept, 1 forgotten\n", output.ToString());
    }

    [Fact]
    public async Task Somebody_who_can_write_and_somebody_who_has_the_key_push_no_good_snapshot_out_with_garbage()
    {
        using var sample = await MakeAsync();
        await ConfigureAsync("  keep-last: 2\n  keep-daily: 3\n");
        var good = await BackUpAsync(sample, "2026-11-23", "2026-11-24", "2026-11-25", "2026-11-26");

        // Without the key: folders with names of the future, a manifest of somebody else's, a copy under another name.
        var copy = "20261127T000000Z-00009abc";
        Copy(folder[$"repository/snapshots/{good[0]}"], folder[$"repository/snapshots/{copy}"]);
        Directory.CreateDirectory(folder["repository/snapshots/20261127T000000Z-00009abd"]);
        File.WriteAllText(folder["repository/snapshots/20261127T000000Z-00009abd/snapshot.json"], "{}");

        // With it: incomplete, without files, from 2099, from long ago, each several times; at last one that looks right.
        for (var i = 0; i < 5; i++)
        {
            await sample.BackUpAsync(Objects, Token, change: manifest => At(manifest, $"2026-11-27 0{i}:00") with { Complete = false });
            await sample.BackUpAsync(Objects, Token, change: manifest => At(manifest, $"2099-11-27 0{i}:00"));
            await sample.BackUpAsync(Objects, Token, change: manifest => At(manifest, $"2020-11-27 0{i}:00"));
            await sample.BackUpAsync(new Dictionary<string, byte[]>(), Token, change: manifest => At(manifest, $"2026-11-27 0{i}:30"));
        }

        // While the newest is one that lost its files, nothing goes.
        Assert.Equal(ExitCode.Incomplete, await RunAsync("forget --json"));
        Assert.Contains("newest-shrank", FindingCodes());
        Assert.False(Directory.Exists(folder["repository/forgotten"]));
        await BackUpAsync(sample, "2026-11-27 11:00");
        Assert.Equal(ExitCode.Done, await RunAsync("forget --json"));
        Assert.Contains("snapshots-misdated", FindingCodes());
        Assert.Contains("snapshot-not-believed", FindingCodes());
        var kept = Rows("plan").Where(row => row.GetProperty("kept").GetBoolean())
            .Select(row => row.GetProperty("id").GetString()).ToList();
        Assert.Empty(good[2..].Except(kept));
        Assert.DoesNotContain(good[0], kept);
        Assert.DoesNotContain(copy, Rows("plan").Select(row => row.GetProperty("id").GetString()));
    }

    [Fact]
    public async Task A_proof_that_somebody_adds_hides_none_and_forgets_nothing()
    {
        using var sample = await MakeAsync();
        await ConfigureAsync("  keep-last: 1\n");
        var first = await sample.BackUpAsync(Objects, Token, change: manifest => At(manifest, "2026-11-20"));
        await BackUpAsync(sample, "2026-11-25", "2026-11-26");
        Proof(first, "20261121T000000Z", "proved");
        Proof(first, "20261122T000000Z", "notProved");
        File.WriteAllText(folder[$"repository/proofs/{first.Id}/prove-20261123T000000Z-7.json"], "garbage");
        Assert.Equal(ExitCode.Done, await RunAsync("forget --dry-run --json"));
        Assert.Equal(
            ["newest proved by user 7"], Rows("plan")[0].GetProperty("keptFor").EnumerateArray().Select(reason => reason.GetString()));
        Assert.Equal([true, false, true], Rows("plan").Select(row => row.GetProperty("kept").GetBoolean()));
    }

    [Fact]
    public async Task A_repository_that_somebody_writes_to_is_not_forgotten_from_and_a_dry_run_needs_no_key()
    {
        using var sample = await MakeAsync();
        await ConfigureAsync("  keep-last: 1\n");
        await BackUpAsync(sample, "2026-11-25", "2026-11-26");
        await using (await sample.Repository.LockAsync("backup", RunEvents.Nowhere(), TimeProvider.System, Random.Shared, Token))
        {
            Assert.Equal(ExitCode.Done, await RunAsync("forget --dry-run"));
            Assert.Equal(ExitCode.Locked, await RunAsync("forget", time: TimeProvider.System));
        }

        File.Delete(folder["nestegg.key"]);
        Assert.Equal(ExitCode.Done, await RunAsync("forget --dry-run"));
        Assert.Equal(ExitCode.BadInput, await RunAsync("forget"));
        Assert.Contains("the signing key", error.ToString());
        Assert.False(Directory.Exists(folder["repository/forgotten"]));
    }

    private async Task<SampleRepository> MakeAsync()
    {
        var sample = await SampleRepository.CreateAsync(LocalStore.Create(folder["repository"]), Token);
        await File.WriteAllBytesAsync(folder["nestegg.key"], sample.SigningKey.ToFileText(), Token);
        return sample;
    }

    private Task ConfigureAsync(string retention) => File.WriteAllTextAsync(
        folder["nestegg.yaml"],
        $"repository: {folder["repository"]}\nsigning-key: nestegg.key\n{(retention.Length > 0 ? $"retention:\n{retention}" : "")}", Token);

    private static Manifest At(Manifest manifest, string at) => manifest with { CreatedAt = Retention.Chain.At(at) };

    private static async Task<string[]> BackUpAsync(SampleRepository sample, params string[] moments)
    {
        var ids = new List<string>();
        foreach (var moment in moments)
        {
            ids.Add((await sample.BackUpAsync(Objects, Token, change: manifest => At(manifest, moment))).Id.ToString());
        }

        return [.. ids];
    }

    private void Proof(Manifest manifest, string at, string verdict)
    {
        Directory.CreateDirectory(folder[$"repository/proofs/{manifest.Id}"]);
        File.WriteAllText(folder[$"repository/proofs/{manifest.Id}/prove-{at}-7.json"], $$"""
            {"format":1,"snapshot":"{{manifest.Id}}","manifestSha256":"{{manifest.Hash}}","userId":7,"startedAt":"2026-11-21T00:00:00Z",
             "finishedAt":"2026-11-21T00:00:00Z","program":"nestegg test","sample":1,"onlyNew":false,"verdict":"{{verdict}}","counts":{},"files":[]}
            """);
    }

    private List<KeyValuePair<string, ObjectHash>> Contents() =>
    [
        .. Directory.GetFiles(folder["repository"], "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal).Select(
            path => KeyValuePair.Create(Path.GetRelativePath(folder["repository"], path), ObjectHash.Of(File.ReadAllBytes(path)))),
    ];

    private void CopyRepository(string to) => Copy(folder["repository"], folder[to]);

    private static void Copy(string from, string to)
    {
        foreach (var path in Directory.GetFiles(from, "*", SearchOption.AllDirectories))
        {
            var target = Path.Combine(to, Path.GetRelativePath(from, path));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(path, target);
        }
    }

    private List<JsonElement> Events() =>
        [.. output.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement)];

    private List<JsonElement> Rows(string kind) => [.. Events().Where(line => line.GetProperty("event").GetString() == kind)];

    private JsonElement Summary() => Events()[^1];

    private IEnumerable<string> FindingCodes() => Rows("finding").Select(finding => finding.GetProperty("code").GetString()!);

    private Task<ExitCode> RunAsync(string arguments, int? columns = null, TimeProvider? time = null)
    {
        (output, error) = (new StringWriter(), new StringWriter());
        var host = new CommandHost
        {
            Out = output,
            Error = error,
            Environment = new Dictionary<string, string> { ["XDG_CACHE_HOME"] = folder["cache"], ["HOME"] = folder.Path },
            WorkingFolder = folder.Path,
            Time = time ?? this.time,
            IsOutTerminal = columns is not null,
            Columns = () => columns,
        };
        return CommandLine.RunAsync([.. arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries)], host, Token);
    }
}

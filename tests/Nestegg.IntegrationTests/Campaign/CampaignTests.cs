using System.Security.Cryptography;
using System.Text.RegularExpressions;
using Nestegg.Repositories.Files;
using Nestegg.TestKit;
using Nestegg.TestKit.Instances;

namespace Nestegg.IntegrationTests.Campaign;

/// <summary>
/// What somebody can do who can write to the repository and has no key, against each command that reads it, in a folder and in a bucket:
/// nothing wrong is used, each is told with the right exit code, and what can be had again the next backup has.
/// </summary>
public sealed partial class CampaignTests(SharedServers servers, KnownInstances instances, CampaignTests.Field field)
    : IClassFixture<CampaignTests.Field>
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static TheoryData<string, string> Cases
    {
        get
        {
            var cases = new TheoryData<string, string>();
            foreach (var attack in Attacks.InFolders)
            {
                cases.Add("folder", attack.Name);
            }

            foreach (var attack in Attacks.All)
            {
                cases.Add("bucket", attack.Name);
            }

            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task Nothing_wrong_is_used_and_each_attack_is_told(string place, string name)
    {
        var attack = Attacks.InFolders.Single(attack => attack.Name == name);
        var repository = await field.OpenAsync(place, async () => await BesiegedRepository.StartAsync(
            await instances.StartAsync(KnownInstances.Sample, "t1", servers, Token), place == "bucket", Token));
        await repository.ResetAsync(Token);
        var expected = await field.ExpectedAsync(place, () => OutcomeAsync(repository));

        await attack.RunAsync(repository, Token);
        var wrong = new List<string>();
        foreach (var command in Attack.Commands)
        {
            using var folder = new TemporaryFolder();
            var run = await repository.RunAsync(command, folder["out"], Token);
            var told = attack.Told[command];
            var said = run.Out + run.Error;
            if (run.ExitCode != told.Code || !said.Contains(told.What, StringComparison.Ordinal))
            {
                wrong.Add($"{command}: {(int)run.ExitCode}, expected {(int)told.Code} and '{told.What}'\n{said}");
            }

            wrong.AddRange(WrongFiles(command, Tree(folder["out"]), expected, run.ExitCode == ExitCode.Done));
            if (command == "find" && run.ExitCode == ExitCode.Done && Found(run) != expected.Found)
            {
                wrong.Add($"find found something else: {run.Out}");
            }
        }

        if (attack.Told["backup"].Code == ExitCode.Done)
        {
            using var folder = new TemporaryFolder();
            var after = await repository.RunAsync("restore", folder["out"], Token);
            wrong.AddRange(WrongFiles("restore", Tree(folder["out"]), expected, isWhole: true).Select(file => $"after the backup: {file}"));
        }

        Assert.True(wrong.Count == 0, string.Join("\n\n", wrong));
    }

    /// <summary>Every file is one that there must be; all of them are there when the command says that it is done.</summary>
    private static IEnumerable<string> WrongFiles(
        string command, SortedDictionary<string, string> found, Outcome expected, bool isWhole)
    {
        var right = command switch
        {
            "restore" => expected.Objects,
            "export" => expected.Exported,
            _ => new SortedDictionary<string, string>(StringComparer.Ordinal),
        };
        var wrong = found.Where(file => right.GetValueOrDefault(file.Key) != file.Value).Select(file => file.Key);
        var absent = isWhole ? right.Keys.Except(found.Keys) : [];
        return wrong.Concat(absent).Select(file => $"{command}: {file} is wrong or absent");
    }

    private static async Task<Outcome> OutcomeAsync(BesiegedRepository repository)
    {
        using var folder = new TemporaryFolder();
        var export = await repository.RunAsync("export", folder["out"], Token);
        var find = await repository.RunAsync("find", "", Token);
        Assert.Equal((ExitCode.Done, ExitCode.Done), (export.ExitCode, find.ExitCode));
        var objects = repository.Objects.ToDictionary(item => $"/{item.Key}", item => item.Hash.ToString());
        return new Outcome(new(objects, StringComparer.Ordinal), Tree(folder["out"]), Found(find));
    }

    private static SortedDictionary<string, string> Tree(string root)
    {
        var tree = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var path in Directory.Exists(root) ? Directory.GetFiles(root, "*", SearchOption.AllDirectories) : [])
        {
            var name = "/" + Path.GetRelativePath(root, path);
            if (!name.StartsWith("/.nestegg/", StringComparison.Ordinal))
            {
                tree.Add(name, Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(path))));
            }
        }

        return tree;
    }

    /// <summary>What was found, in whichever of the snapshots, which hold the same.</summary>
    private static string Found(Cli run) => SnapshotIds().Replace(
        string.Join('\n', run.Out.Split('\n').Where(line => !Events().IsMatch(line))), "ID");

    [GeneratedRegex(@"\d{8}T\d{6}Z-[0-9a-f]{8}")]
    private static partial Regex SnapshotIds();

    [GeneratedRegex("\"event\":\"(step|progress|finding|summary)\"")]
    private static partial Regex Events();

    /// <summary>What there must be when nothing is attacked.</summary>
    /// <param name="Objects">Hashes by key.</param>
    /// <param name="Exported">Hashes by path.</param>
    public sealed record Outcome(
        SortedDictionary<string, string> Objects, SortedDictionary<string, string> Exported, string Found);

    /// <summary>One repository in each place, made by the first attack on it.</summary>
    public sealed class Field : IAsyncDisposable
    {
        private readonly Dictionary<string, BesiegedRepository> repositories = [];
        private readonly Dictionary<string, Outcome> outcomes = [];

        internal async Task<BesiegedRepository> OpenAsync(string place, Func<Task<BesiegedRepository>> start)
        {
            if (!repositories.TryGetValue(place, out var repository))
            {
                repositories.Add(place, repository = await start());
            }

            return repository;
        }

        internal async Task<Outcome> ExpectedAsync(string place, Func<Task<Outcome>> find)
        {
            if (!outcomes.TryGetValue(place, out var outcome))
            {
                outcomes.Add(place, outcome = await find());
            }

            return outcome;
        }

        public async ValueTask DisposeAsync()
        {
            foreach (var repository in repositories.Values)
            {
                await repository.DisposeAsync();
            }
        }
    }
}

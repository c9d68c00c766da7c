using Nestegg.Formats.Age;
using Nestegg.Formats.Minisign;
using Nestegg.Repositories;
using Nestegg.Stores.Local;
using Nestegg.TestKit;
using Nestegg.TestKit.Instances;

namespace Nestegg.IntegrationTests.Resilience;

/// <summary>
/// Provokes every exit code and reads what is said. The ones of outages are provoked, and read the same way, in <see cref="OutageTests"/>.
/// </summary>
public sealed class ErrorTextTests(SharedServers servers, KnownInstances instances)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InstanceData]
    public async Task Every_exit_code_comes_with_words_for_people_that_name_the_thing(string name)
    {
        using var instance = await StartAsync(name);
        var seen = new HashSet<ExitCode>();
        var config = instance.ConfigurationPath;
        var (repository, key) = (instance.RepositoryFolder, instance["signing.key"]);

        await SayAsync(ExitCode.BadInput, ["bakcup"], "bakcup");
        await SayAsync(ExitCode.BadInput, ["backup", "--config", config, "--parallel", "0"], "--parallel 0");
        await SayAsync(ExitCode.BadInput, ["backup", "--config", instance["absent.yaml"]], "absent.yaml");
        await SayAsync(ExitCode.BadInput, ["backup", "--config", await VariantAsync("repository:", "repositry:")], "repositry");
        await SayAsync(
            ExitCode.BadInput, ["backup", "--config", await VariantAsync(instance.Folder, instance["no-ente"])], instance["no-ente"]);
        await SayAsync(ExitCode.BadInput, ["backup", "--config", await VariantAsync(key, instance["no.key"])], instance["no.key"]);
        await File.WriteAllTextAsync(instance["garbage.key"], "this is no key\n", Token);
        await SayAsync(
            ExitCode.BadInput, ["backup", "--config", await VariantAsync(key, instance["garbage.key"])], instance["garbage.key"]);
        using (var other = MinisignSecretKey.Generate())
        {
            await File.WriteAllBytesAsync(instance["other.key"], other.ToFileText(), Token);
        }

        await SayAsync(ExitCode.Damaged, ["backup", "--config", await VariantAsync(key, instance["other.key"])], "signing key");
        await SayAsync(ExitCode.OutOfReach, ["snapshots", "--repository", instance["nowhere"]], instance["nowhere"]);
        Directory.CreateDirectory(instance["empty"]);
        await SayAsync(ExitCode.NoRepository, ["snapshots", "--repository", instance["empty"]], instance["empty"]);

        await using (var store = new LocalStore(repository))
        await using (await (await Repository.OpenAsync(store, Token)).LockAsync(
            "backup", RunEvents.Nowhere(), TimeProvider.System, Random.Shared, Token))
        {
            await SayAsync(ExitCode.Locked, ["backup", "--config", config], repository, $"process {Environment.ProcessId}");
        }

        await SayAsync(ExitCode.Done, ["backup", "--config", config]);
        await SayAsync(ExitCode.BadInput, ["snapshots", "nonsense", "--repository", repository], "nonsense");
        using (var stranger = AgeIdentity.Generate())
        {
            await File.WriteAllBytesAsync(instance["stranger.txt"], stranger.ToText(), Token);
        }

        await SayAsync(ExitCode.WrongIdentity, [
            "audit", "--snapshot", "latest", "--identity", instance["stranger.txt"], "--repository", repository
        ], "identit");
        await SayAsync(ExitCode.BadInput, [
            "audit", "--snapshot", "latest", "--identity", instance["garbage.key"], "--repository", repository
        ], instance["garbage.key"]);

        var lost = instance.Moment.Originals()[0];
        await instance.DeleteObjectAsync(lost.Key, Token);
        var pieces = Directory.GetFiles(Path.Combine(repository, "objects"), "*", SearchOption.AllDirectories);
        await using (var shortened = new FileStream(pieces[0], FileMode.Open))
        {
            shortened.SetLength(shortened.Length - 1);
        }

        await SayFindingsAsync(ExitCode.Damaged, ["check", "--repository", repository], true, Path.GetFileName(pieces[0]));
        foreach (var index in Directory.GetFiles(Path.Combine(repository, "index")))
        {
            File.Delete(index);
        }

        await SayFindingsAsync(ExitCode.Incomplete, ["backup", "--config", config], true, lost.Key);

        var manifest = Directory.GetFiles(Path.Combine(repository, "snapshots"), "snapshot.json", SearchOption.AllDirectories).Order()
            .Last();
        await File.WriteAllTextAsync(manifest, "{}", Token);
        await SayAsync(
            ExitCode.Damaged, ["snapshots", "latest", "--repository", repository], Path.GetFileName(Path.GetDirectoryName(manifest)!));
        await SayCancelledAsync();

        // The ones of the table; 1 is the code of a mistake in the program, which nothing should provoke.
        Assert.Equal(Enum.GetValues<ExitCode>().Except([ExitCode.Unexpected]).Order(), seen.Order());

        Task SayAsync(ExitCode expected, string[] arguments, params string[] words) => SayFindingsAsync(expected, arguments, false, words);

        async Task SayFindingsAsync(ExitCode expected, string[] arguments, bool isAboutFindings, params string[] words)
        {
            var run = await Cli.ExpectAsync(expected, Token, arguments);
            seen.Add(expected);
            if (expected != ExitCode.Done && !isAboutFindings)
            {
                ErrorTexts.AssertGood(run, words);
            }

            Assert.Null(ErrorText.WhatIsWrong(run.Out + run.Error));
            foreach (var word in words)
            {
                Assert.Contains(word, run.Out + run.Error, StringComparison.Ordinal);
            }
        }

        async Task SayCancelledAsync()
        {
            using var cancelled = new CancellationTokenSource();
            await cancelled.CancelAsync();
            var run = await Cli.RunAsync(cancelled.Token, "backup", "--config", config);
            Assert.Equal(ExitCode.Cancelled, run.ExitCode);
            ErrorTexts.AssertGood(run, "cancelled");
            seen.Add(run.ExitCode);
        }

        async Task<string> VariantAsync(string from, string to)
        {
            var path = instance[$"variant-{Guid.NewGuid():n}.yaml"];
            await File.WriteAllTextAsync(
                path, (await File.ReadAllTextAsync(config, Token)).Replace(from, to, StringComparison.Ordinal), Token);
            return path;
        }
    }

    [Theory]
    [InstanceData("db.password: ", "db.password: wrong", "password authentication failed")]
    [InstanceData("db.name: ", "db.name: no_such_database", "no_such_database")]
    [InstanceData("s3.b2-eu-cen.secret: ", "s3.b2-eu-cen.secret: wrong", "secret key")]
    [InstanceData("s3.b2-eu-cen.bucket: ", "s3.b2-eu-cen.bucket: no-such-bucket", "no-such-bucket")]
    public async Task A_wrong_setting_of_the_instance_stops_the_run_and_is_named(string name, string setting, string wrong, string word)
    {
        using var instance = await StartAsync(name);
        var lines = await File.ReadAllLinesAsync(instance.ConfigurationPath, Token);
        await File.WriteAllLinesAsync(instance.ConfigurationPath, lines.Select(
            line => line.TrimStart().StartsWith(setting, StringComparison.Ordinal) ? "  " + wrong : line), Token);
        var run = await Cli.ExpectAsync(ExitCode.OutOfReach, Token, "backup", "--config", instance.ConfigurationPath);
        ErrorTexts.AssertGood(run, word);
        Assert.False(Directory.Exists(Path.Combine(instance.RepositoryFolder, "snapshots")) && Directory.EnumerateFiles(
            Path.Combine(instance.RepositoryFolder, "snapshots"), "snapshot.json", SearchOption.AllDirectories).Any());
    }

    private Task<RunningInstance> StartAsync(string name) => instances.StartAsync(name, "t1", servers, Token);
}

using Nestegg.Ente.Database;
using Nestegg.IntegrationTests.Restore;
using Nestegg.TestKit.Instances;
using Nestegg.TestKit.Sample;

namespace Nestegg.IntegrationTests.Journeys;

/// <summary>Every command on the sample in each of museum's schemas since the first that was published.</summary>
public sealed class EverySchemaTests(SharedServers servers, KnownInstances instances)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <param name="every">In every how many schemas all commands run; what asks the live database runs in each.</param>
    [Theory]
    [InlineData(7)]
    [LongData(1)]
    public async Task Each_command_is_right_in_it(int every)
    {
        using var instance = await instances.StartAsync(KnownInstances.Sample, "t2", servers, Token);
        for (var version = EnteCatalog.NewestKnownSchema; version >= EnteCatalog.OldestKnownSchema; version--)
        {
            foreach (var (_, sql) in OlderSchema.Steps.Where(step => step.Version == version + 1))
            {
                await instance.ExecuteAsync(sql, Token);
            }

            await instance.ExecuteAsync($"UPDATE schema_migrations SET version = {version}", Token);
            if ((version - EnteCatalog.OldestKnownSchema) % every == 0 || version == EnteCatalog.NewestKnownSchema)
            {
                await AssertAllAsync(instance, version);
                continue;
            }

            foreach (var arguments in instance.Live())
            {
                await AssertDoneAsync(version, arguments);
            }
        }
    }

    private async Task AssertAllAsync(RunningInstance instance, long version)
    {
        foreach (var arguments in instance.OfAll(instance[$"export-{version}"]))
        {
            await AssertDoneAsync(version, arguments);
        }

        using var target = await NewInstance.CreateAsync(servers, instance.Moment, Token);
        await AssertDoneAsync(version, instance.Restore(target.Folder, target.Map));
        Assert.Equal(version, await target.AskAsync<long>("SELECT version FROM schema_migrations", Token));
        Assert.Equal(instance.Moment.Users, await target.AskAsync<long>("SELECT count(*) FROM users", Token));
    }

    private static async Task AssertDoneAsync(long version, string[] arguments)
    {
        var run = await Cli.RunAsync(Token, arguments);
        Assert.True(run.ExitCode == ExitCode.Done, $"schema {version}, {arguments[0]}: {run.ExitCode}\n{run.Out}{run.Error}");
    }
}

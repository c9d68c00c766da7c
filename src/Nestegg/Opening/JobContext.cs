using Nestegg.Instance;
using Nestegg.Repositories;
using Nestegg.Settings;

namespace Nestegg.Opening;

/// <summary>What every job works with. The command line makes one for each command, a daemon one for each run.</summary>
public sealed class JobContext
{
    public required NesteggConfiguration Configuration { get; init; }

    /// <summary>The variables of the process, or what a caller has in their place.</summary>
    public required IReadOnlyDictionary<string, string> Environment { get; init; }

    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Chooses samples and subsets. Keys never come from it.</summary>
    public required Random Random { get; init; }

    /// <summary>Opens the configured repository for as long as the work takes.</summary>
    /// <exception cref="NesteggException">None is configured, or there is none that this version can read.</exception>
    internal Task<T> WithRepositoryAsync<T>(Func<Repository, Task<T>> work, CancellationToken cancellationToken) =>
        JobFailure.GuardAsync(async () =>
        {
            await using var repository =
                await Repository.OpenAsync(Configuration.RequireRepository().OpenStore(create: false, Time), cancellationToken);
            return await work(repository);
        });

    /// <summary>Opens the configured instance for as long as the work takes.</summary>
    /// <exception cref="NesteggException">Its configuration cannot be used.</exception>
    internal Task<T> WithInstanceAsync<T>(Func<EnteInstance, Task<T>> work) => JobFailure.GuardAsync(async () =>
    {
        await using var instance = EnteInstance.Open(Configuration, Time);
        return await work(instance);
    });
}

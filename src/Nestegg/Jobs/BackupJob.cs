using Nestegg.Backup;
using Nestegg.Checks;
using Nestegg.Instance;
using Nestegg.Opening;
using Nestegg.Repositories;

namespace Nestegg.Jobs;

/// <summary>What a backup is asked for.</summary>
/// <param name="Parallel">Objects in transfer at once; <see langword="null"/> for the configuration's number.</param>
public sealed record BackupRequest(int? Parallel = null)
{
    /// <summary>The most objects in transfer that any command takes.</summary>
    public const int MostParallel = 256;
}

/// <summary>Makes one snapshot of the configured instance in the configured repository.</summary>
public static class BackupJob
{
    /// <exception cref="NesteggException">
    /// Something that a backup needs is absent, wrong or out of reach; the repository is as valid as before.
    /// </exception>
    public static Task<BackupResult> RunAsync(JobContext context, BackupRequest request, RunLog log, CancellationToken cancellationToken)
    {
        var parallel = TransferCount.Of(request.Parallel, context.Configuration.Parallel);
        return context.WithRepositoryAsync(
            async (repository, memory) =>
            {
                using var signingKey = context.RequireSigningKey();
                context.LookAtKeys(log);
                await using var instance = await EnteInstance.OpenAsync(context.Configuration, context.Time, cancellationToken);
                var options =
                    new BackupOptions(signingKey, context.Configuration.Recipients, memory.Committed, parallel, context.Random);
                var isRolledBack = await TellOfRollbackAsync(repository, memory, log, cancellationToken);
                var result = await new BackupRun(instance, repository, options, log, context.Time).RunAsync(cancellationToken);

                // What was rolled back stays remembered as the newest, so that a check finds it again.
                memory.RememberCommitted(result.Manifest.Id);
                if (!isRolledBack)
                {
                    memory.Remember(result.Manifest);
                }

                await memory.TrySaveAsync(cancellationToken);
                return result;
            },
            cancellationToken);
    }

    private static async Task<bool> TellOfRollbackAsync(
        Repository repository, CheckMemory memory, RunLog log, CancellationToken cancellationToken)
    {
        if (memory.Newest is not { } newest || await repository.HasManifestAsync(newest.Id, cancellationToken)
            || (await repository.ReadForgottenAsync(log, cancellationToken)).Has(newest))
        {
            return false;
        }

        log.Find(
            "rolled-back", Severity.Warning, $"snapshots/{newest.Id}",
            $"the snapshot {newest.Id} was here when this machine last looked and is gone", CommittedSnapshots.RemovedHint);
        return true;
    }
}

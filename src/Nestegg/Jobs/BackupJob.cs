using Nestegg.Backup;
using Nestegg.Formats.Minisign;
using Nestegg.Instance;
using Nestegg.Opening;

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
            async repository =>
            {
                using var signingKey = ReadSigningKey(context);
                await using var instance = EnteInstance.Open(context.Configuration, context.Time);
                var options = new BackupOptions(signingKey, context.Configuration.Recipients, parallel, context.Random);
                return await new BackupRun(instance, repository, options, log, context.Time).RunAsync(cancellationToken);
            },
            cancellationToken);
    }

    private static MinisignSecretKey ReadSigningKey(JobContext context) => context.TryReadSigningKey()
        ?? throw (context.Configuration.SigningKeyPath is { } path
            ? new NesteggException(
                FailureKind.BadInput, $"the signing key {path} does not exist",
                "put back the file that nestegg init wrote; without it no snapshot can be signed")
            : new NesteggException(
                FailureKind.BadInput, "no signing key is configured",
                "name the file that nestegg init wrote as signing-key in nestegg.yaml"));
}

using Nestegg.Ente.Scratch;
using Nestegg.Repositories.Manifests;

namespace Nestegg.Instance.Preflights;

/// <summary>
/// Looks at an instance before work begins, in words that a person can act on: configuration, database, secrets, programs, buckets.
/// Everything found is a <see cref="Finding"/>, also what is in order; nothing is changed.
/// </summary>
internal sealed class Preflight(EnteInstance instance, RunLog log)
{
    /// <summary>What was seen; <see langword="null"/> when the server did not answer.</summary>
    public int? ServerMajorVersion { get; private set; }

    /// <summary>Looks at everything; what one part finds does not keep the next from looking.</summary>
    /// <returns>How the buckets are set up.</returns>
    public async Task<IReadOnlyList<ManifestBucket>> RunAsync(CancellationToken cancellationToken)
    {
        if (TemporaryFolder() is { } unusable)
        {
            log.Find(unusable);
        }

        foreach (var finding in PreflightConfiguration.Look(instance).Concat(instance.Routes.Findings))
        {
            log.Find(finding);
        }

        var database = await DatabaseFailure.GuardAsync(
            instance.DatabaseSettings, () => new PreflightDatabase(instance, log).LookAsync(cancellationToken));
        ServerMajorVersion = database.ServerMajorVersion;
        log.Find(await PreflightPrograms.LookAsync(instance, database.ServerMajorVersion, cancellationToken));
        await foreach (var finding in PreflightBuckets.LookAsync(instance, database, cancellationToken))
        {
            log.Find(finding);
        }

        var buckets = await PreflightBucketSettings.AskAsync(instance, cancellationToken);
        foreach (var finding in buckets.SelectMany(PreflightBucketSettings.Judge))
        {
            log.Find(finding);
        }

        return buckets;
    }

    // A backup keeps the list of objects there, and whatever opens a snapshot its database.
    private static Finding? TemporaryFolder()
    {
        try
        {
            ScratchFile.Create(bufferBytes: 0).Dispose();
            return null;
        }
        catch (ScratchException failure)
        {
            return new Finding("temporary-folder-unusable", Severity.Error, "temporary files", failure.Message, failure.Hint);
        }
    }
}

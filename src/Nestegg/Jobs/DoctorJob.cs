using Nestegg.Ente.Configuration;
using Nestegg.Instance;
using Nestegg.Instance.Preflights;
using Nestegg.Opening;

namespace Nestegg.Jobs;

/// <summary>Looks at the configured instance; the log counts what is wrong and what is in order.</summary>
public static class DoctorJob
{
    public static Task RunAsync(JobContext context, RunLog log, CancellationToken cancellationToken) =>
        context.WithInstanceAsync(
            async instance =>
            {
                var preflight = new Preflight(instance, log);
                await preflight.RunAsync(cancellationToken);
                log.Find(await PreflightPrograms.LookForRestoreAsync(instance, preflight.ServerMajorVersion, cancellationToken));
                await LookAsBrowserAsync(instance, log, cancellationToken);
                context.LookAtKeys(log);
                return log;
            },
            cancellationToken);

    private static async Task LookAsBrowserAsync(EnteInstance instance, RunLog log, CancellationToken cancellationToken)
    {
        await using var buckets = instance.OpenBuckets();
        var origins = WebOrigins.Of(instance.Folder.Configuration.Settings());
        var blocked = await new BrowserAccess(buckets, origins).LookAsync(cancellationToken);
        foreach (var bucket in blocked)
        {
            log.Find(bucket.AsFinding());
        }

        if (blocked.Count == 0 && instance.Slots.HotPrimary.IsConfigured)
        {
            log.Find(new Finding(
                "cors-ok", Severity.Ok, instance.Slots.HotPrimary.Name, $"browsers get at the buckets from {string.Join(", ", origins)}"));
        }
    }
}

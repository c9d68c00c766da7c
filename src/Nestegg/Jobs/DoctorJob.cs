using Nestegg.Instance.Preflights;
using Nestegg.Opening;

namespace Nestegg.Jobs;

/// <summary>Looks at the configured instance; the log counts what is wrong and what is in order.</summary>
public static class DoctorJob
{
    public static Task RunAsync(JobContext context, RunLog log, CancellationToken cancellationToken) =>
        context.WithInstanceAsync(async instance =>
        {
            await new Preflight(instance, log).RunAsync(cancellationToken);
            context.LookAtSigningKey(log);
            return log;
        });
}

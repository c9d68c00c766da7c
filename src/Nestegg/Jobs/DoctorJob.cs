using Nestegg.Instance;
using Nestegg.Instance.Preflights;
using Nestegg.Opening;

namespace Nestegg.Jobs;

/// <summary>Looks at the configured instance; the log counts what is wrong and what is in order.</summary>
public static class DoctorJob
{
    public static async Task RunAsync(JobContext context, RunLog log, CancellationToken cancellationToken)
    {
        await using var instance = EnteInstance.Open(context.Configuration, context.Time);
        await new Preflight(instance, log).RunAsync(cancellationToken);
    }
}

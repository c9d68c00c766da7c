using Nestegg.Audit;
using Nestegg.Instance;
using Nestegg.Opening;

namespace Nestegg.Jobs;

/// <summary>What is audited.</summary>
/// <param name="Snapshot"><see langword="null"/> for the configured instance as it runs.</param>
public sealed record AuditRequest(SnapshotSource? Snapshot);

/// <summary>Compares a database with the objects that it names, and with itself.</summary>
public static class AuditJob
{
    public static async Task<AuditResult> RunAsync(
        JobContext context, AuditRequest request, RunLog log, CancellationToken cancellationToken)
    {
        var run = new AuditRun(log, context.Time);
        if (request.Snapshot is { } source)
        {
            return await Opened.WithSnapshotAsync(
                context, source, log, opened => run.OfSnapshotAsync(opened.Repository, opened.Snapshot, cancellationToken),
                cancellationToken);
        }

        await using var instance = EnteInstance.Open(context.Configuration, context.Time);
        return await run.OfInstanceAsync(instance, cancellationToken);
    }
}

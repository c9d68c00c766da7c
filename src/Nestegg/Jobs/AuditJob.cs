using Nestegg.Audit;
using Nestegg.Opening;

namespace Nestegg.Jobs;

/// <summary>What is audited.</summary>
/// <param name="Snapshot"><see langword="null"/> for the configured instance as it runs.</param>
public sealed record AuditRequest(SnapshotSource? Snapshot);

/// <summary>Compares a database with the objects that it names, and with itself.</summary>
public static class AuditJob
{
    public static Task<AuditResult> RunAsync(JobContext context, AuditRequest request, RunLog log, CancellationToken cancellationToken)
    {
        var run = new AuditRun(log, context.Time);
        return request.Snapshot is { } source
            ? Opened.WithSnapshotAsync(
                context, source, log, opened => run.OfSnapshotAsync(opened.Repository, opened.Snapshot, cancellationToken),
                cancellationToken)
            : context.WithInstanceAsync(instance => run.OfInstanceAsync(instance, cancellationToken), cancellationToken);
    }
}

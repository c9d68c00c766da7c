using Nestegg.Checks;
using Nestegg.Opening;

namespace Nestegg.Jobs;

/// <summary>What a check is asked for.</summary>
public sealed record CheckRequest(ReadScope Read);

/// <summary>Compares the configured repository with its own records.</summary>
public static class CheckJob
{
    public static Task<CheckCounts> RunAsync(JobContext context, CheckRequest request, RunLog log, CancellationToken cancellationToken) =>
        context.WithRepositoryAsync(
            repository =>
            {
                var options = new CheckOptions
                {
                    Read = request.Read,
                    Time = context.Time,
                    Random = context.Random,
                    MemoryFolder = CheckMemory.FolderIn(context.Environment),
                };
                return new RepositoryCheck(repository, options, log).RunAsync(cancellationToken);
            },
            cancellationToken);
}

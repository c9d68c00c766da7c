using Nestegg.Repositories.Files;

namespace Nestegg.Repositories;

// Snapshots that are forgotten: they are there until prune has run, and count for nothing unless they are named.
internal sealed partial class Repository
{
    /// <inheritdoc cref="Repositories.ForgetMarks"/>
    public ForgetMarks ForgetMarks => new(store, SigningKey, Description.Id);

    /// <summary>Reads which snapshots are forgotten. What cannot be read or is not believed is told, and forgets nothing.</summary>
    /// <param name="severity">How bad a file is that is not believed.</param>
    public async Task<ForgottenSnapshots> ReadForgottenAsync(
        RunLog log, CancellationToken cancellationToken, Severity severity = Severity.Warning)
    {
        try
        {
            return await ForgetMarks.ReadAsync(severity, log.Find, cancellationToken);
        }
        catch (NesteggException failure) when (failure.IsOfOneItem)
        {
            log.FindUnread(failure);
            return new ForgottenSnapshots();
        }
    }

    /// <summary>What a name may mean: a forgotten snapshot only where it is none that counts.</summary>
    private static List<SnapshotId> Matches(string name, SnapshotList list, ForgottenSnapshots forgotten)
    {
        var counting = list.Finished.Where(id => !forgotten.Has(id));
        if (name == Latest)
        {
            return [.. counting];
        }

        return counting.Where(IsNamed).ToList() is { Count: > 0 } named ? named : [.. list.Finished.Where(IsNamed)];

        bool IsNamed(SnapshotId id) => name.Length > 0 && id.ToString().StartsWith(name, StringComparison.OrdinalIgnoreCase);
    }

    private static void TellForgotten(SnapshotId id, ForgottenSnapshots forgotten, RunLog log)
    {
        if (forgotten.When(id) is { } when)
        {
            log.Find(
                "snapshot-forgotten", Severity.Note, $"{RepositoryKeys.Snapshots}{id}",
                $"the snapshot {id} was forgotten at {when.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC, and is to be removed",
                $"nestegg unforget {id} keeps it");
        }
    }

    private NesteggException AllForgotten() => new(
        FailureKind.BadInput, $"every snapshot at {Location} is forgotten, so none is the latest",
        "nestegg snapshots --forgotten lists them; nestegg unforget keeps them again");
}

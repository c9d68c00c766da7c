using Nestegg.Find;
using Nestegg.Opening;
using Nestegg.Repositories.Files;

namespace Nestegg.Jobs;

/// <summary>What is looked for, and where.</summary>
/// <param name="Person">Whose library, in which snapshot.</param>
/// <param name="InAllSnapshots">In every snapshot instead of the one that <paramref name="Person"/> names.</param>
public sealed record FindRequest(PersonSource Person, bool InAllSnapshots, LibrarySearch Search);

/// <summary>
/// Looks for albums and files in one snapshot, or in all; a snapshot that could not be searched among many is an error in the log.
/// </summary>
public static class FindJob
{
    public static Task<FoundHistory> RunAsync(JobContext context, FindRequest request, RunLog log, CancellationToken cancellationToken) =>
        context.WithRepositoryAsync(
            async repository =>
            {
                using var identities = await OpenedIdentities.OpenAsync(request.Person.Snapshot.Identities, repository, cancellationToken);
                using var secret = await AskedSecret.AskAsync(request.Person.Account, cancellationToken);
                var history = new FoundHistory();

                // The newest first: a person knows today's password, and what it opens also opens the snapshots of before a change.
                IEnumerable<SnapshotId> ids = request.InAllSnapshots
                    ? await AllSnapshotsAsync()
                    : [(await repository.ReadManifestAsync(request.Person.Snapshot.Name, log, cancellationToken)).Id];
                foreach (var id in ids)
                {
                    await SearchAsync(id, source => Opened.WithAccountAsync(
                        source, secret, account => AddAsync(account, request.Search, history, id, cancellationToken), cancellationToken));
                }

                return history;

                async Task<IEnumerable<SnapshotId>> AllSnapshotsAsync()
                {
                    var list = await repository.ListSnapshotsAsync(cancellationToken);
                    list.TellUnread(log);
                    var forgotten = await repository.ReadForgottenAsync(log, cancellationToken);
                    return list.Finished.Where(id => !forgotten.Has(id)).Reverse();
                }

                async Task SearchAsync(SnapshotId id, Func<OpenedSource, Task<bool>> search)
                {
                    try
                    {
                        await Opened.WithSnapshotAsync(repository, identities, id.ToString(), log, search, cancellationToken);
                    }
                    catch (NesteggException failure) when (request.InAllSnapshots)
                    {
                        // Another snapshot may still have what is looked for.
                        log.Find("snapshot-not-searched", Severity.Error, id.ToString(), failure.Message, failure.Hint);
                    }
                }
            },
            cancellationToken);

    private static async Task<bool> AddAsync(
        OpenedAccount account, LibrarySearch search, FoundHistory history, SnapshotId id, CancellationToken cancellationToken)
    {
        history.Searched(id);
        await foreach (var found in search.RunAsync(account.Reader, account.UserId, account.Keys, cancellationToken))
        {
            history.Add(found, id);
        }

        return true;
    }
}

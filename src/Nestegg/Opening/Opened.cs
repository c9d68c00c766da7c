using Nestegg.Ente.Accounts;
using Nestegg.Ente.Library;
using Nestegg.Repositories;
using Nestegg.Snapshots;

namespace Nestegg.Opening;

/// <summary>A snapshot that a job reads, with the repository that it is in, the identities that opened it, and the job's log.</summary>
internal sealed record OpenedSource(Repository Repository, OpenedIdentities Identities, OpenedSnapshot Snapshot, RunLog Log);

/// <summary>A person's account in a snapshot.</summary>
/// <param name="OpenedWith"><c>password</c> or <c>recovery key</c>.</param>
internal sealed record OpenedAccount(OpenedSource Source, long UserId, KeyChain Keys, LibraryReader Reader, string OpenedWith)
{
    public OpenedSnapshot Snapshot => Source.Snapshot;
}

/// <summary>The way from names, files and secrets to what they open, for as long as a job takes.</summary>
internal static class Opened
{
    /// <summary>Opens the database of a snapshot.</summary>
    /// <exception cref="NesteggException">There is no such snapshot, nothing opens it, or it is damaged.</exception>
    public static Task<T> WithSnapshotAsync<T>(
        JobContext context, SnapshotSource source, RunLog log, Func<OpenedSource, Task<T>> work, CancellationToken cancellationToken) =>
        context.WithRepositoryAsync(
            async repository =>
            {
                using var identities = await OpenedIdentities.OpenAsync(source.Identities, repository, cancellationToken);
                return await WithSnapshotAsync(repository, identities, source.Name, log, work, cancellationToken);
            },
            cancellationToken);

    /// <summary>
    /// Opens a person's account in a snapshot. The secret is asked for before the database is read, which takes its time.
    /// </summary>
    /// <exception cref="NesteggException">There is no such snapshot or account, or what was given opens it not.</exception>
    public static Task<T> WithAccountAsync<T>(
        JobContext context, PersonSource person, RunLog log, Func<OpenedAccount, Task<T>> work, CancellationToken cancellationToken) =>
        context.WithRepositoryAsync(
            async repository =>
            {
                using var identities = await OpenedIdentities.OpenAsync(person.Snapshot.Identities, repository, cancellationToken);
                using var secret = await AskedSecret.AskAsync(person.Account, cancellationToken);
                return await WithSnapshotAsync(
                    repository, identities, person.Snapshot.Name, log,
                    opened => WithAccountAsync(opened, secret, work, cancellationToken), cancellationToken);
            },
            cancellationToken);

    /// <summary>The same for a repository and a secret that are open already.</summary>
    public static async Task<T> WithSnapshotAsync<T>(
        Repository repository, OpenedIdentities identities, string name, RunLog log, Func<OpenedSource, Task<T>> work,
        CancellationToken cancellationToken)
    {
        var manifest = await repository.ReadManifestAsync(name, log, cancellationToken);
        log.Step("open", $"opening the snapshot {manifest.Id}");
        await using var snapshot = await OpenedSnapshot.OpenAsync(repository, manifest, identities.Identities, cancellationToken);
        var result = await work(new OpenedSource(repository, identities, snapshot, log));
        repository.TellElsewhere(log);
        return result;
    }

    /// <summary>The same for a snapshot and a secret that are open already.</summary>
    public static async Task<T> WithAccountAsync<T>(
        OpenedSource source, AskedSecret secret, Func<OpenedAccount, Task<T>> work, CancellationToken cancellationToken)
    {
        var reader = await LibraryReader.OpenAsync(source.Snapshot.Connection, cancellationToken);
        var (userId, keys, others) = await secret.OpenAsync(source.Snapshot, reader, cancellationToken);
        using (keys)
        {
            // With another key.hash, whoever signs in with the same address gets a new, empty account beside the old one.
            foreach (var other in others)
            {
                source.Log.Find(
                    "another-account", Severity.Warning, $"account {other}",
                    $"it has the same address as account {userId}, which is the one that opened: key.hash of the instance was changed",
                    $"with its own password or recovery key it opens as --user {other}");
            }

            var openedWith = secret.Secret.RecoveryKey is null ? "password" : "recovery key";
            return await work(new OpenedAccount(source, userId, keys, reader, openedWith));
        }
    }
}

using System.Globalization;
using Nestegg.Ente.Api;
using Nestegg.Ente.Library;
using Nestegg.Export;
using Nestegg.Opening;

namespace Nestegg.Jobs;

/// <summary>What is exported, and into which folder.</summary>
/// <param name="Owners">Only files that these people uploaded, by address or number; empty for all.</param>
/// <param name="Options">What and how; <see cref="ExportOptions.Owners"/> is filled in from <paramref name="Owners"/>.</param>
/// <param name="Target">Full path of the folder; made when it is not there.</param>
public sealed record ExportRequest(IReadOnlyList<string> Owners, ExportOptions Options, string Target);

/// <summary>A museum to export from while it runs.</summary>
/// <param name="WithLocker">Sign in to Locker too, which may ask for a second code.</param>
/// <param name="Questions">What is asked while signing in to an app.</param>
public sealed record LiveSource(Uri Museum, bool WithLocker, Func<EnteApp, SignInQuestions> Questions);

/// <summary>Writes a person's library in plain, from a snapshot or from a live museum.</summary>
public static class ExportJob
{
    public static Task<ExportSummary> FromSnapshotAsync(
        JobContext context, PersonSource person, ExportRequest request, RunLog log, CancellationToken cancellationToken) =>
        Opened.WithAccountAsync(
            context, person, log,
            async account =>
            {
                var owners = await AccountSecret.NumbersAsync(request.Owners, account.Snapshot, account.Reader, cancellationToken);
                var from = new ExportAccount(account.UserId, account.Keys, account.Reader, new SnapshotContent(account.Snapshot));
                return await ExportAsync(context, from, request, owners, log, cancellationToken);
            },
            cancellationToken);

    public static Task<ExportSummary> FromMuseumAsync(
        JobContext context, LiveSource live, AccountSource account, ExportRequest request, RunLog log,
        CancellationToken cancellationToken) =>
        JobFailure.GuardAsync(() => ExportLiveAsync(context, live, account, request, log, cancellationToken));

    private static async Task<ExportSummary> ExportLiveAsync(
        JobContext context, LiveSource live, AccountSource account, ExportRequest request, RunLog log, CancellationToken cancellationToken)
    {
        using var client = new MuseumClient(live.Museum, context.Time);
        await client.PingAsync(cancellationToken);
        using var asked = await AskedSecret.AskAsync(account, cancellationToken);
        using var signIn = asked.Secret.RecoveryKey is { } recoveryKey
            ? MuseumSignIn.WithRecoveryKey(client, account.User, recoveryKey)
            : MuseumSignIn.WithPassword(client, account.User, asked.Secret.Password);
        await using var photos = await signIn.OpenAsync(EnteApp.Photos, live.Questions(EnteApp.Photos), cancellationToken);
        await using var items = live.WithLocker
            ? await signIn.OpenAsync(EnteApp.Locker, live.Questions(EnteApp.Locker), cancellationToken)
            : null;
        log.Step("list", "asking museum for albums and files");
        await using var library = await LiveLibrary.ReadAsync(photos, temporaryFolder: null, cancellationToken);
        var sessions = new Dictionary<string, MuseumSession> { [EnteApp.Photos.Name] = photos };
        if (items is not null)
        {
            await library.AddAsync(items, cancellationToken);
            sessions[EnteApp.Locker.Name] = items;
        }

        var reader = await LibraryReader.OpenAsync(library.Connection, cancellationToken);
        var from = new ExportAccount(photos.UserId, photos.Keys, reader, new MuseumContent(sessions)) { Unlisted = library.Refused };
        return await ExportAsync(context, from, request, [.. request.Owners.Select(Number)], log, cancellationToken);

        long Number(string owner) =>
            long.TryParse(owner, NumberStyles.None, CultureInfo.InvariantCulture, out var id) || library.People.TryGetValue(owner, out id)
                ? id
                : throw new NesteggException(
                    FailureKind.BadInput, $"nobody called {owner} shares anything with {photos.Email}", "check the address after --owner");
    }

    private static Task<ExportSummary> ExportAsync(
        JobContext context, ExportAccount from, ExportRequest request, IReadOnlyCollection<long> owners, RunLog log,
        CancellationToken cancellationToken)
    {
        log.Step("export", $"exporting into {request.Target}");
        return Exporter.RunAsync(from, request.Target, request.Options with { Owners = owners }, context.Time, log, cancellationToken);
    }
}

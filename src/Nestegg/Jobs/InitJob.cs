using System.Security.Cryptography;
using Nestegg.Checks;
using Nestegg.Ente.Configuration;
using Nestegg.Instance;
using Nestegg.Instance.Containers;
using Nestegg.Opening;
using Nestegg.Repositories;
using Nestegg.Repositories.Files;
using Nestegg.Settings;

namespace Nestegg.Jobs;

/// <summary>What a new repository is made from.</summary>
/// <param name="Instance">Where the instance's configuration is.</param>
/// <param name="Map">
/// Addresses to use for those of the compose network, <c>host:port=host:port</c>; the rest is found anew in each run.
/// </param>
/// <param name="Repository">Where it goes.</param>
/// <param name="Setup">The rest of it; <see cref="SetupRequest.Map"/> is filled in from <paramref name="Map"/>.</param>
/// <param name="Identities">What opens a repository that is there already, so that it is adopted.</param>
public sealed record InitRequest(
    InstanceLocation Instance, IReadOnlyList<string> Map, RepositorySettings Repository, SetupRequest Setup, IdentitySource Identities)
{
    /// <summary>
    /// Asks for the passphrase, in UTF-8, of an identity that a new repository keeps; <see langword="null"/> for none. In a repository that
    /// is there, the identity that it keeps is opened.
    /// </summary>
    public Func<CancellationToken, Task<byte[]>>? AskNewPassphrase { get; init; }
}

/// <summary>What was made.</summary>
/// <param name="Recipients">How many identities can open the backups.</param>
public sealed record InitResult(string Location, string RepositoryId, string SigningKeyPath, int Recipients)
{
    /// <summary>The repository was there already.</summary>
    public bool IsAdopted { get; init; }

    /// <summary>The key that signs snapshots is not where nestegg.yaml names it.</summary>
    public bool IsSigningKeyAbsent { get; init; }
}

/// <summary>Makes nestegg.yaml, the repository, and the keys that belong to it, or adopts a repository that is there.</summary>
public static class InitJob
{
    public static Task<InitResult> RunAsync(InitRequest request, TimeProvider time, RunLog log, CancellationToken cancellationToken) =>
        JobFailure.GuardAsync(() => MakeAsync(request, time, log, cancellationToken));

    private static async Task<InitResult> MakeAsync(
        InitRequest request, TimeProvider time, RunLog log, CancellationToken cancellationToken)
    {
        var running = await RunningInstance.ReadAsync(request.Instance, time, cancellationToken);
        var folder = running.Folder;
        var setup = request.Setup with { InstanceFolder = folder.Folder, RepositoryLocation = request.Repository.Location };
        if (await TryAdoptAsync(request, setup with { Map = request.Map }, time, log, cancellationToken) is { } adopted)
        {
            await TellOfRoutesAsync(running, request.Map, time, log, cancellationToken);
            return adopted;
        }

        new RepositorySetup(setup with { IsPassphraseWanted = request.AskNewPassphrase is not null }, time).Check();
        await TellOfRoutesAsync(running, request.Map, time, log, cancellationToken);
        var passphrase = request.AskNewPassphrase is { } ask ? await ask(cancellationToken) : null;
        try
        {
            setup = setup with { Map = request.Map, Passphrase = passphrase };
            await using var store = request.Repository.OpenStore(create: true, time);
            var made = await new RepositorySetup(setup, time).RunAsync(store, cancellationToken);
            TellOfIdentities(setup, made.SigningKeyPath, log);
            return new InitResult(store.Location, made.Repository.Description.Id, made.SigningKeyPath, made.Recipients.Count);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(passphrase);
        }
    }

    /// <returns><see langword="null"/> when there is no repository yet.</returns>
    private static async Task<InitResult?> TryAdoptAsync(
        InitRequest request, SetupRequest setup, TimeProvider time, RunLog log, CancellationToken cancellationToken)
    {
        RepositorySetup.RequireAbsent(setup.ConfigurationPath);
        await using var store = request.Repository.OpenStore(create: false, time);
        var isThere = (request.Repository.IsS3 || Directory.Exists(request.Repository.Location))
            && await store.TryGetSizeAsync(RepositoryKeys.Description, cancellationToken) is not null;
        if (!isThere)
        {
            return request.Identities.Files.Count == 0 && setup.SigningKeyPath is null ? null : throw new NesteggException(
                FailureKind.NoRepository, $"there is no repository at {store.Location} that could be adopted",
                "check the path, and that the disk is mounted; for a new repository leave out --identity and --signing-key");
        }

        await using var repository = await Repository.OpenAsync(store, cancellationToken);
        var memory = await CheckMemory.LoadAsync(CheckMemory.FolderIn(request.Instance.ProcessEnvironment), repository, cancellationToken);
        return await new RepositoryAdoption(setup, request.Identities, memory.Committed, log)
            .RunAsync(repository, request.AskNewPassphrase is not null, cancellationToken);
    }

    private static void TellOfIdentities(SetupRequest setup, string signingKeyPath, RunLog log)
    {
        if (setup.NewIdentityPath is { } path)
        {
            log.Find(
                "identity-on-server", Severity.Warning, path, "whoever has this file can open the backups, and without it nobody can",
                $"move it off this machine now, keep a second copy elsewhere, and a copy of {signingKeyPath} beside it: "
                + "with that key another machine can go on in this repository");
        }

        if (setup.Passphrase is not null)
        {
            log.Find(
                "identity-in-repository", Severity.Warning, "identity.age",
                "the repository holds an identity under your passphrase: the backups are as safe as the passphrase is long",
                "keep the passphrase off this machine, and the file that it was read from too; without it nobody opens the backups");
        }
    }

    // Only what a person gave is written down.
    private static async Task TellOfRoutesAsync(
        RunningInstance running, IReadOnlyList<string> given, TimeProvider time, RunLog log, CancellationToken cancellationToken)
    {
        var routes = await InstanceRoutes.FindAsync(
            new RouteSearch(running.Folder.Folder, running.Folder.Configuration, time)
            {
                Map = EndpointMap.Parse(given), Containers = running.Containers, Museum = running.Museum,
            },
            cancellationToken);
        foreach (var finding in running.Findings.Concat(routes.Findings))
        {
            log.Find(finding);
        }
    }
}

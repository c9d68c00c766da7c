using Nestegg.Ente.Configuration;
using Nestegg.Instance;
using Nestegg.Opening;
using Nestegg.Settings;

namespace Nestegg.Jobs;

/// <summary>What a new repository is made from.</summary>
/// <param name="Instance">Where the instance's configuration is.</param>
/// <param name="Map">Addresses to use for those of the compose network, <c>host:port=host:port</c>; what is found besides is added.</param>
/// <param name="Repository">Where it goes.</param>
/// <param name="Setup">The rest of it; <see cref="SetupRequest.Map"/> is filled in.</param>
public sealed record InitRequest(InstanceLocation Instance, IReadOnlyList<string> Map, RepositorySettings Repository, SetupRequest Setup);

/// <summary>What was made.</summary>
/// <param name="Recipients">How many identities can open the backups.</param>
public sealed record InitResult(string Location, string RepositoryId, string SigningKeyPath, int Recipients);

/// <summary>Makes nestegg.yaml, the repository, and the keys that belong to it.</summary>
public static class InitJob
{
    public static Task<InitResult> RunAsync(InitRequest request, TimeProvider time, RunLog log, CancellationToken cancellationToken) =>
        JobFailure.GuardAsync(() => MakeAsync(request, time, log, cancellationToken));

    private static async Task<InitResult> MakeAsync(
        InitRequest request, TimeProvider time, RunLog log, CancellationToken cancellationToken)
    {
        var folder = InstanceFolder.Read(request.Instance);
        folder.RequireConfiguration();
        var setup = request.Setup with { InstanceFolder = folder.Folder, RepositoryLocation = request.Repository.Location };
        new RepositorySetup(setup, time).Check();
        var addresses = await MapAsync(folder, request.Map, time, log, cancellationToken);
        await using var store = request.Repository.OpenStore(create: true, time);
        var made = await new RepositorySetup(setup with { Map = [.. addresses] }, time).RunAsync(store, cancellationToken);
        TellOfIdentities(setup, made.SigningKeyPath, log);
        return new InitResult(store.Location, made.Repository.Description.Id, made.SigningKeyPath, made.Recipients.Count);
    }

    private static void TellOfIdentities(SetupRequest setup, string signingKeyPath, RunLog log)
    {
        if (setup.NewIdentityPath is { } path)
        {
            log.Find(
                "identity-on-server", Severity.Note, path, "whoever has this file can open the backups, and without it nobody can",
                $"move it off this machine now, keep a second copy elsewhere, and a copy of {signingKeyPath} beside it: "
                + "with that key another machine can go on in this repository");
        }

        if (setup.Passphrase is not null)
        {
            log.Find(
                "identity-in-repository", Severity.Note, "identity.age",
                "the repository holds an identity under your passphrase: the backups are as safe as the passphrase is long",
                "keep the passphrase off this machine");
        }
    }

    // What was given by hand, and for the rest what the container engine says.
    private static async Task<IEnumerable<string>> MapAsync(
        InstanceFolder folder, IReadOnlyList<string> given, TimeProvider time, RunLog log, CancellationToken cancellationToken)
    {
        var endpoints = Reachability.EndpointsOf(folder.Configuration);
        var unreachable = await Reachability.FindUnreachableAsync(endpoints, EndpointMap.Parse(given), time, cancellationToken);
        if (unreachable.Count == 0)
        {
            return given;
        }

        var found = await new ContainerDiscovery(Reachability.Docker(folder.Folder, time)).FindAsync(unreachable, cancellationToken);
        foreach (var address in found)
        {
            log.Find(
                "address-mapped", address.IsPublished ? Severity.Note : Severity.Warning, address.Configured.ToString(),
                $"it exists only inside the compose network; Docker says that the service "
                + $"{address.Service} is reached at {address.Reachable}, "
                + "which is written into the map",
                address.IsPublished
                    ? ""
                    : "this is the container's own address, which changes when it is made anew: publish the port on 127.0.0.1, "
                        + "or run nestegg as a service of the compose file (docs/operations.md)");
        }

        foreach (var endpoint in unreachable.Except(found.Select(address => address.Configured)))
        {
            log.Find(
                "address-unknown", Severity.Warning, endpoint.ToString(),
                "it does not lead anywhere from this machine, and no container of that name could be found with Docker",
                $"publish the port on 127.0.0.1 and add it to the map in nestegg.yaml: {endpoint}=127.0.0.1:{endpoint.Port}");
        }

        return given.Concat(found.Select(address => $"{address.Configured}={address.Reachable}"));
    }
}

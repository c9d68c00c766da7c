using System.CommandLine;
using System.Security.Cryptography;
using Nestegg.Age;
using Nestegg.Cli.Terminal;
using Nestegg.Ente.Configuration;
using Nestegg.Instance;

namespace Nestegg.Cli.Commands;

/// <summary><c>nestegg init</c>: makes nestegg.yaml, the repository, and the keys that belong to it.</summary>
internal sealed class InitCommand
{
    private readonly CommonOptions common;
    private readonly Option<string> instance = new("--instance") { Description = "The instance's folder, with museum.yaml and compose.yaml", HelpName = "FOLDER", Required = true };
    private readonly Option<string?> name = new("--name") { Description = "What the instance is called in snapshots (else the folder's name)", HelpName = "NAME" };
    private readonly Option<string[]> map = new("--map") { Description = "Which address to use for one of the compose network; may be given several times", HelpName = "HOST:PORT=HOST:PORT" };
    private readonly Option<string[]> environmentFiles = new("--env-file") { Description = "A file of ENTE_ variables that museum is started with", HelpName = "FILE" };
    private readonly Option<string[]> recipients = new("--recipient") { Description = "Who can open the backups; may be given several times", HelpName = "age1…" };
    private readonly Option<string?> newIdentity = new("--new-identity") { Description = "Make an identity that can open the backups, and write it here", HelpName = "FILE" };
    private readonly Option<bool> passphrase = new("--passphrase") { Description = "Keep an identity in the repository, under a passphrase that is asked for" };
    private readonly Option<string?> passphraseFile = new("--passphrase-file") { Description = "Take the passphrase from a file", HelpName = "FILE" };
    private readonly Option<int?> passphraseDescriptor = new("--passphrase-fd") { Description = "Take the passphrase from an open file descriptor", HelpName = "N" };

    private InitCommand(CommonOptions common) => this.common = common;

    private CommandHost Host => common.Host;

    public static Command Create(CommonOptions common)
    {
        var init = new InitCommand(common);
        var command = new Command("init", "Makes nestegg.yaml, the repository, and the keys that belong to it")
        {
            init.instance, init.name, init.map, init.environmentFiles, init.recipients, init.newIdentity, init.passphrase, init.passphraseFile, init.passphraseDescriptor,
        };
        command.SetAction(async (parse, cancellationToken) => (int)await init.RunAsync(parse, cancellationToken));
        return command.WithExamples(
            "nestegg init --instance ~/my-ente --repository /mnt/nas/nestegg --new-identity /media/usb/nestegg-identity.txt",
            "nestegg init --instance ~/my-ente --repository s3://backups/ente --recipient age1… --map postgres:5432=127.0.0.1:5432");
    }

    private async Task<ExitCode> RunAsync(ParseResult parse, CancellationToken cancellationToken)
    {
        var location = common.RepositoryLocation(parse)
            ?? throw new NesteggException(FailureKind.BadInput, "no repository is named", "say where backups go: --repository /mnt/nas/nestegg");
        var settings = NesteggConfigurationReader.RepositoryAt(location, Host.WorkingFolder, Host.Environment);
        var folder = InstanceFolder.Read(new InstanceLocation(Full(parse.GetValue(instance)!))
        {
            EnvironmentFiles = [.. (parse.GetValue(environmentFiles) ?? []).Select(Full)],
            ProcessEnvironment = Host.Environment,
        });
        var secret = await ReadPassphraseAsync(parse, cancellationToken);
        try
        {
            var request = new SetupRequest
            {
                ConfigurationPath = common.ConfigPath(parse) ?? Full(NesteggConfiguration.FileName),
                InstanceFolder = folder.Folder,
                InstanceName = parse.GetValue(name) ?? "",
                RepositoryLocation = settings.Location,
                EnvironmentFiles = [.. (parse.GetValue(environmentFiles) ?? []).Select(Full)],
                Recipients = [.. (parse.GetValue(recipients) ?? []).Select(AgeRecipient.Parse)],
                NewIdentityPath = parse.GetValue(newIdentity) is { } path ? Full(path) : null,
                Passphrase = secret,
            };
            new RepositorySetup(request, Host.Time).Check();
            var addresses = await MapAsync(folder, parse.GetValue(map) ?? [], cancellationToken);
            return await MakeAsync(new RepositorySetup(request with { Map = [.. addresses] }, Host.Time), settings, parse, cancellationToken);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(secret);
        }
    }

    private async Task<ExitCode> MakeAsync(RepositorySetup setup, RepositorySettings settings, ParseResult parse, CancellationToken cancellationToken)
    {
        await using var store = settings.OpenStore(create: true, Host.Time);
        var made = await setup.RunAsync(store, cancellationToken);
        var output = common.Output;
        if (parse.GetValue(newIdentity) is { } identity)
            output.Report(new FindingEvent(new Finding("identity-on-server", Severity.Note, Full(identity), "whoever has this file can open the backups, and without it nobody can", $"move it off this machine now, keep a second copy elsewhere, and a copy of {made.SigningKeyPath} beside it: with that key another machine can go on in this repository")));

        if (parse.GetValue(passphrase))
            output.Report(new FindingEvent(new Finding("identity-in-repository", Severity.Note, "identity.age", "the repository holds an identity under your passphrase: the backups are as safe as the passphrase is long", "keep the passphrase off this machine")));

        var summary = new Summary()
            .Add("configuration", common.ConfigPath(parse) ?? Full(NesteggConfiguration.FileName), "configuration")
            .Add("repository", store.Location, "repository")
            .Add("repositoryId", made.Repository.Description.Id, "repository id")
            .Add("signingKey", made.SigningKeyPath, "signing key")
            .Add("recipients", made.Recipients.Count, "recipients");
        output.Finish(summary);
        output.Line("next: nestegg doctor");
        return ExitCode.Done;
    }

    private async Task<byte[]?> ReadPassphraseAsync(ParseResult parse, CancellationToken cancellationToken)
    {
        var source = new SecretSource(parse.GetValue(passphraseFile), parse.GetValue(passphraseDescriptor));
        var isWanted = parse.GetValue(passphrase) || source.FilePath is not null || source.FileDescriptor is not null;
        return isWanted ? await new SecretPrompt(Host).ReadNewAsync("passphrase of the repository", source, "NESTEGG_PASSPHRASE", cancellationToken) : null;
    }

    // What was given by hand, and for the rest what the container engine says.
    private async Task<IEnumerable<string>> MapAsync(InstanceFolder folder, string[] given, CancellationToken cancellationToken)
    {
        var unreachable = await Reachability.FindUnreachableAsync(Reachability.EndpointsOf(folder.Configuration), EndpointMap.Parse(given), cancellationToken);
        if (unreachable.Count == 0)
            return given;

        var found = await new ContainerDiscovery(Reachability.Docker(folder.Folder)).FindAsync(unreachable, cancellationToken);
        foreach (var address in found)
        {
            common.Output.Report(new FindingEvent(new Finding(
                "address-mapped", address.IsPublished ? Severity.Note : Severity.Warning, address.Configured.ToString(),
                $"it exists only inside the compose network; Docker says that the service {address.Service} is reached at {address.Reachable}, which is written into the map",
                address.IsPublished ? "" : "this is the container's own address, which changes when it is made anew: publish the port on 127.0.0.1, or run nestegg as a service of the compose file (docs/operations.md)")));
        }

        foreach (var endpoint in unreachable.Except(found.Select(address => address.Configured)))
        {
            common.Output.Report(new FindingEvent(new Finding(
                "address-unknown", Severity.Warning, endpoint.ToString(), "it does not lead anywhere from this machine, and no container of that name could be found with Docker",
                $"publish the port on 127.0.0.1 and add it to the map in nestegg.yaml: {endpoint}=127.0.0.1:{endpoint.Port}")));
        }

        return given.Concat(found.Select(address => $"{address.Configured}={address.Reachable}"));
    }

    private string Full(string path) => Path.GetFullPath(path, Host.WorkingFolder);
}

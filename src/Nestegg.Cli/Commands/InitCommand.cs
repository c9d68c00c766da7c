using System.CommandLine;
using Nestegg.Cli.Terminal;
using Nestegg.Ente.Configuration;
using Nestegg.Formats.Age;
using Nestegg.Jobs;
using Nestegg.Settings;

namespace Nestegg.Cli.Commands;

/// <summary><c>nestegg init</c>: makes nestegg.yaml, the repository, and the keys that belong to it, or adopts one.</summary>
internal sealed class InitCommand
{
    private readonly CommonOptions common;
    private readonly Option<string> instance = new("--instance")
    {
        Description = "The instance's folder, with museum.yaml and compose.yaml", HelpName = "FOLDER", Required = true,
    };
    private readonly Option<string?> name = new("--name")
    {
        Description = "What the instance is called in snapshots (else the folder's name)", HelpName = "NAME",
    };
    private readonly Option<string[]> map = new("--map")
    {
        Description = "Which address to use for one of the compose network; may be given several times",
        HelpName = "HOST:PORT=HOST:PORT",
    };
    private readonly Option<string[]> environmentFiles = new("--env-file")
    {
        Description = "A file of ENTE_ variables that museum is started with", HelpName = "FILE",
    };
    private readonly Option<string?> museumYaml = new("--museum-yaml")
    {
        Description = "museum.yaml, where it is elsewhere than compose or museum's folder say", HelpName = "FILE",
    };
    private readonly Option<string?> credentialsYaml = new("--credentials-yaml")
    {
        Description = "The credentials file, likewise", HelpName = "FILE",
    };
    private readonly Option<string[]> composeFiles = new("--compose-file")
    {
        Description = "A compose file, instead of those that compose finds by itself; may be given several times", HelpName = "FILE",
    };
    private readonly Option<string[]> recipients = new("--recipient")
    {
        Description = "Who can open the backups; may be given several times", HelpName = "age1…",
    };
    private readonly Option<string?> newIdentity = new("--new-identity")
    {
        Description = "Make an identity that can open the backups, and write it here", HelpName = "FILE",
    };
    private readonly Option<string?> signingKey = new("--signing-key")
    {
        Description = "Adopt a repository that is there already: its nestegg.key (else the one beside nestegg.yaml, if it is there)",
        HelpName = "FILE",
    };
    private readonly Option<bool> besideRepository = new("--identity-beside-repository")
    {
        Description = "Write the new identity onto the repository's own disk all the same",
    };
    private readonly Option<bool> passphrase = new("--passphrase")
    {
        Description = "Keep an identity in the repository, under a passphrase that is asked for; or adopt one that keeps one",
    };
    private readonly IdentityOptions identities = new()
    {
        Description = "Adopt a repository that is there already: an age identity that opens it; may be given several times",
    };

    private InitCommand(CommonOptions common) => this.common = common;

    private CommandHost Host => common.Host;

    public static Command Create(CommonOptions common)
    {
        var init = new InitCommand(common);
        var command = new Command("init", "Makes nestegg.yaml, the repository and its keys; adopts a repository that is there")
        {
            init.instance, init.name, init.map,
            init.museumYaml, init.credentialsYaml, init.composeFiles,
            init.environmentFiles, init.recipients, init.newIdentity, init.besideRepository, init.signingKey, init.passphrase,
        };
        foreach (var option in init.identities.All)
        {
            command.Add(option);
        }

        common.SetActionWithoutConfiguration(command, init.Read, RunAsync);
        return command.WithExamples(
            "nestegg init --instance ~/my-ente --repository /mnt/nas/nestegg --new-identity /media/usb/nestegg-identity.txt",
            "nestegg init --instance ~/my-ente --repository s3://backups/ente --recipient age1… --map postgres:5432=127.0.0.1:5432",
            "nestegg init --instance ~/my-ente --repository /mnt/nas/nestegg --identity /media/usb/nestegg-identity.txt");
    }

    private InitRequest Read(ParseResult parse)
    {
        var settings = common.RepositoryLocation(parse) is { } location
            ? RepositorySettings.At(location, Host.BaseOf(location), Host.Environment)
            : throw new NesteggException(
                FailureKind.BadInput, "no repository is named", "say where backups go: --repository /mnt/nas/nestegg");
        var folder = new InstanceLocation(Host.FullPath(parse.GetValue(instance)!))
        {
            MuseumYaml = parse.GetValue(museumYaml) is { } museum ? Host.FullPath(museum) : null,
            CredentialsYaml = parse.GetValue(credentialsYaml) is { } credentials ? Host.FullPath(credentials) : null,
            ComposeFiles = [.. (parse.GetValue(composeFiles) ?? []).Select(Host.FullPath)],
            EnvironmentFiles = [.. (parse.GetValue(environmentFiles) ?? []).Select(Host.FullPath)],
            ProcessEnvironment = Host.Environment,
        };
        var setup = new SetupRequest
        {
            ConfigurationPath = common.ConfigPath(parse) ?? Host.FullPath(NesteggConfiguration.FileName),
            InstanceFolder = folder.Folder,
            InstanceName = parse.GetValue(name) ?? "",
            RepositoryLocation = settings.Location,
            MuseumYaml = folder.MuseumYaml,
            CredentialsYaml = folder.CredentialsYaml,
            ComposeFiles = folder.ComposeFiles,
            EnvironmentFiles = folder.EnvironmentFiles,
            Recipients = [.. (parse.GetValue(recipients) ?? []).Select(AgeRecipient.Parse)],
            SigningKeyPath = parse.GetValue(signingKey) is { } key ? Host.FullPath(key) : null,
            NewIdentityPath = parse.GetValue(newIdentity) is { } path ? Host.FullPath(path) : null,
            IsIdentityBesideRepository = parse.GetValue(besideRepository),
        };
        var source = identities.Passphrase(parse);
        return new InitRequest(folder, parse.GetValue(map) ?? [], settings, setup, identities.Source(Host, parse))
        {
            AskNewPassphrase = parse.GetValue(passphrase) || (source.IsGiven && (parse.GetValue(identities.Files) ?? []).Length == 0)
                ? token => new SecretPrompt(Host).ReadNewAsync(
                    "passphrase of the repository", source, IdentityOptions.PassphraseVariable, token)
                : null,
        };
    }

    private static async Task<ExitCode> RunAsync(CommandRun run, InitRequest request, CancellationToken cancellationToken)
    {
        var made = await InitJob.RunAsync(request, run.Context.Time, run.Log, cancellationToken);
        var summary = new Summary()
            .Add("configuration", request.Setup.ConfigurationPath, "configuration")
            .Add("repository", made.Location, made.IsAdopted ? "repository, adopted" : "repository")
            .Add("repositoryId", made.RepositoryId, "repository id")
            .Add("signingKey", made.SigningKeyPath, made.IsSigningKeyAbsent ? "signing key, absent" : "signing key")
            .Add("recipients", made.Recipients, "recipients");
        run.Output.Finish(summary);
        run.Output.Line(made.IsSigningKeyAbsent
            ? $"next: put the signing key at {made.SigningKeyPath}, then {run.Typed("doctor")}; nestegg restore and nestegg prove need none"
            : $"next: {run.Typed("doctor")}");
        return ExitCode.Done;
    }
}

using System.CommandLine;
using System.Net;
using System.Text;
using Nestegg.Cli.Terminal;
using Nestegg.Server.S3;

namespace Nestegg.Cli.Commands;

/// <summary><c>nestegg object-store</c>: the embedded S3 server, until it is interrupted.</summary>
internal static class ObjectStoreCommand
{
    private const string KeyVariable = "NESTEGG_OBJECT_STORE_KEY";
    private const string SecretVariable = "NESTEGG_OBJECT_STORE_SECRET";

    private static readonly Option<string> Folder = new("--folder")
    {
        Description = "Where the buckets are, or will be", HelpName = "FOLDER", Required = true,
    };
    private static readonly Option<string> Listen = new("--listen")
    {
        Description = "Address and port", HelpName = "ADDRESS:PORT", DefaultValueFactory = _ => "127.0.0.1:3200",
    };
    private static readonly Option<string?> Credentials = new("--credentials")
    {
        Description =
            $"A file with the access key id in its first line and the secret in its second (else ${KeyVariable} and ${SecretVariable})",
        HelpName = "FILE",
    };

    public static Command Create(CommonOptions common)
    {
        var command = new Command(
            "object-store", "An S3 server on a folder: for trying out and for tests, not for production") { Folder, Listen, Credentials };
        common.SetActionWithoutConfiguration(command, parse => new Asked(
            common.Host.FullPath(parse.GetValue(Folder)!), parse.GetValue(Listen)!, parse.GetValue(Credentials)), RunAsync);
        return command.WithExamples(
            "nestegg object-store --folder ./buckets --credentials ./keys.txt",
            $"{KeyVariable}=key {SecretVariable}=secret nestegg object-store --folder ./buckets --listen 127.0.0.1:3200");
    }

    /// <param name="Credentials">A file with the two lines; <see langword="null"/> for the environment.</param>
    private sealed record Asked(string Folder, string Listen, string? Credentials);

    private static async Task<ExitCode> RunAsync(CommandRun run, Asked asked, CancellationToken cancellationToken)
    {
        var (folder, listen, credentials) = asked;
        if (!IPEndPoint.TryParse(listen, out var address) || !listen.Contains(':', StringComparison.Ordinal))
        {
            throw new NesteggException(
                FailureKind.BadInput, $"--listen takes an address and a port, not '{listen}'", "for example --listen 127.0.0.1:3200");
        }

        await using var store =
            await StartAsync(folder, address, await ReadCredentialsAsync(run.Host, credentials, cancellationToken), cancellationToken);
        run.Output.Line(
            $"{folder} is served at {store.Address.ToString().TrimEnd('/')}; Ctrl-C ends it. For trying out and for tests, not for production.");
        run.Output.Event("listening", json => json.WriteString("address", store.Address.ToString()));
        try
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, run.Host.Time, cancellationToken);
        }
        catch (OperationCanceledException)
        {
            // An interruption is how a server ends.
        }

        return ExitCode.Done;
    }

    private static async Task<EmbeddedObjectStore> StartAsync(
        string folder, IPEndPoint address, S3Credentials credentials, CancellationToken cancellationToken)
    {
        try
        {
            return await EmbeddedObjectStore.StartAsync(folder, address, credentials, cancellationToken);
        }
        catch (IOException error) when (error.InnerException is Microsoft.AspNetCore.Connections.AddressInUseException)
        {
            throw new NesteggException(
                FailureKind.OutOfReach, $"another program listens on {address}", "choose another port with --listen", error);
        }
    }

    private static async Task<S3Credentials> ReadCredentialsAsync(CommandHost host, string? file, CancellationToken cancellationToken)
    {
        if (file is not null)
        {
            var path = host.FullPath(file);
            var text = await SecretText.ReadFileAsync(path, "store's keys", cancellationToken);
            var lines = Encoding.UTF8.GetString(text).Split('\n', StringSplitOptions.TrimEntries);
            return lines is [{ Length: > 0 } fileKey, { Length: > 0 } fileSecret, ..]
                ? new S3Credentials(fileKey, fileSecret)
                : throw new NesteggException(
                    FailureKind.BadInput, $"{path} does not hold two lines", "the first is the access key id, the second the secret");
        }

        var environment = host.Environment;
        return environment.GetValueOrDefault(KeyVariable) is { Length: > 0 } key
            && environment.GetValueOrDefault(SecretVariable) is { Length: > 0 } secret
            ? new S3Credentials(key, secret)
            : throw new NesteggException(
                FailureKind.BadInput, "the store has no keys",
                $"set {KeyVariable} and {SecretVariable}, or name a file with --credentials");
    }
}

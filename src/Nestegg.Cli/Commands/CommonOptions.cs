using System.CommandLine;
using Nestegg.Cli.Terminal;
using Nestegg.Opening;
using Nestegg.Settings;

namespace Nestegg.Cli.Commands;

/// <summary>The options that every command has, and what they come to.</summary>
internal sealed class CommonOptions(CommandHost host)
{
    private readonly Option<string?> config = new("--config")
    {
        Description = "The configuration file (else ./nestegg.yaml, $NESTEGG_CONFIG, ~/.config/nestegg/nestegg.yaml)",
        HelpName = "FILE",
        Recursive = true,
    };
    private readonly Option<string?> repository = new("--repository")
    {
        Description = "The repository: a folder, or s3://bucket/prefix", HelpName = "PATH|s3://…", Recursive = true,
    };
    private readonly Option<bool> json = new("--json")
    {
        Description = "One event a line as JSON, the last one a summary", Recursive = true,
    };
    private readonly Option<bool> quiet = new("--quiet") { Description = "Say only what is wrong", Recursive = true };

    public IEnumerable<Option> All => [config, repository, json, quiet];

    public CommandHost Host => host;

    /// <summary>Where this run prints; set before a command runs.</summary>
    public Output Output { get; set; } = null!;

    public Output CreateOutput(ParseResult parse) => new(host, parse.GetValue(json), parse.GetValue(quiet));

    /// <summary>Reads the options of a command into its request, then runs it: nothing after that sees what was parsed.</summary>
    /// <param name="read">May look at the configuration for what was not typed.</param>
    public void SetAction<TRequest>(
        Command command, Func<ParseResult, JobContext, TRequest> read, Func<CommandRun, TRequest, CancellationToken, Task<ExitCode>> run) =>
        SetAction(command, Configuration, read, run);

    /// <summary>The same for a command that neither needs a configuration nor fails for a wrong one.</summary>
    public void SetActionWithoutConfiguration<TRequest>(
        Command command, Func<ParseResult, TRequest> read, Func<CommandRun, TRequest, CancellationToken, Task<ExitCode>> run) =>
        SetAction(command, _ => new NesteggConfiguration(), (parse, _) => read(parse), run);

    private void SetAction<TRequest>(
        Command command, Func<ParseResult, NesteggConfiguration> configuration, Func<ParseResult, JobContext, TRequest> read,
        Func<CommandRun, TRequest, CancellationToken, Task<ExitCode>> run) =>
        command.SetAction(async (parse, cancellationToken) =>
        {
            var context = new JobContext
            {
                Configuration = configuration(parse), Environment = host.Environment, Time = host.Time, Random = host.Random,
            };
            var commandRun = new CommandRun(host, context, Output, new RunLog(Output), parse.GetValue(config));
            return (int)await run(commandRun, read(parse, context), cancellationToken);
        });

    /// <summary>The path after <c>--config</c>; <see langword="null"/> without one.</summary>
    public string? ConfigPath(ParseResult parse) => parse.GetValue(config) is { } path ? host.FullPath(path) : null;

    /// <summary>The location after <c>--repository</c>; <see langword="null"/> without one.</summary>
    public string? RepositoryLocation(ParseResult parse) => parse.GetValue(repository);

    /// <summary>
    /// The configuration with the command line over it; an empty one when there is no file, for commands that can do without.
    /// </summary>
    private NesteggConfiguration Configuration(ParseResult parse)
    {
        var path = NesteggConfiguration.FindPath(parse.GetValue(config), host.WorkingFolder, host.Environment);
        var read = path is null ? new NesteggConfiguration() : NesteggConfiguration.Load(path, host.Environment);
        return parse.GetValue(repository) is { } location
            ? read.With(RepositorySettings.At(location, host.BaseOf(location), host.Environment))
            : read;
    }
}

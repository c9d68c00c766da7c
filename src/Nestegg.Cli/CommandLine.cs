using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Parsing;
using Nestegg.Cli.Commands;
using Nestegg.Cli.Terminal;
using Nestegg.Ente;
using Nestegg.Ente.Scratch;

namespace Nestegg.Cli;

/// <summary>All commands, and what surrounds each of them: errors as two lines, exit codes, cancellation.</summary>
internal static class CommandLine
{
    public static async Task<ExitCode> RunAsync(string[] args, CommandHost host, CancellationToken cancellationToken)
    {
        var common = new CommonOptions(host);
        var parse = CreateRoot(common).Parse(args);
        using var output = common.CreateOutput(parse);
        common.Output = output;
        if (parse.Errors.Count > 0 && parse.Action is not HelpAction and not HelpWithExamples)
        {
            output.Error(ExitCode.BadInput, WhatIsWrong(parse), $"{CommandPath(parse)} --help");
            output.End(ExitCode.BadInput);
            return ExitCode.BadInput;
        }

        var code = await InvokeAsync(parse, output, host, cancellationToken);

        // What a command leaves behind counts when it cannot be told; an answer that did not arrive whole is none.
        code = code == ExitCode.Done && host.OutLoss is not null && !LeavesSomething.Contains(parse.CommandResult.Command.Name)
            ? ExitCode.Incomplete
            : code;
        output.End(code);
        return code;
    }

    private static async Task<ExitCode> InvokeAsync(
        ParseResult parse, Output output, CommandHost host, CancellationToken cancellationToken)
    {

        // This is the only place that catches everything: a person gets two lines and never a stack trace.
        try
        {
            var settings = new InvocationConfiguration
            {
                EnableDefaultExceptionHandler = false,
                ProcessTerminationTimeout = null,
                Output = host.Out,
                Error = host.Error,
            };
            ScratchFolder.RemoveLeftovers();
            return (ExitCode)await parse.InvokeAsync(settings, cancellationToken);
        }
        catch (Exception exception)
        {
            return Fail(exception, output, host, cancellationToken);
        }
    }

    private static readonly string[] LeavesSomething = ["init", "backup", "forget", "unforget", "restore", "export", "object-store"];

    private static readonly (ExitCode, string, string) Cancelled =
        (ExitCode.Cancelled, "cancelled", "run the command again; what was stored is not fetched again");

    internal static RootCommand CreateRoot(CommonOptions common)
    {
        var root = new RootCommand("Backs up a self-hosted Ente instance, proves that the backup opens, and brings it back.");
        root.WithExamples(
            "nestegg init --instance ~/my-ente --repository /mnt/nas/nestegg --new-identity /media/usb/nestegg-identity.txt",
            "nestegg doctor",
            "nestegg backup",
            "nestegg restore --repository /mnt/nas/nestegg --identity nestegg-identity.txt --into ~/my-ente --dry-run",
            "nestegg backup --help");
        foreach (var option in common.All)
        {
            root.Options.Add(option);
        }

        root.Subcommands.Add(InitCommand.Create(common));
        root.Subcommands.Add(DoctorCommand.Create(common));
        root.Subcommands.Add(BackupCommand.Create(common));
        root.Subcommands.Add(SnapshotsCommand.Create(common));
        root.Subcommands.Add(CheckCommand.Create(common));
        root.Subcommands.Add(ForgetCommand.Create(common));
        root.Subcommands.Add(UnforgetCommand.Create(common));
        root.Subcommands.Add(new AuditCommand().Create(common));
        root.Subcommands.Add(new ProveCommand(common).Create());
        root.Subcommands.Add(RestoreCommand.Create(common));
        root.Subcommands.Add(new ExportCommand(common).Create());
        root.Subcommands.Add(new FindCommand(common).Create());
        root.Subcommands.Add(ObjectStoreCommand.Create(common));
        root.Subcommands.Add(HelpCommand.Create(common));

        if (root.Options.OfType<HelpOption>().FirstOrDefault() is { Action: HelpAction standard } help)
        {
            help.Action = new HelpWithExamples(standard);
        }

        return root;
    }

    // A word that nobody knows explains more than what is missing because of it.
    private static string WhatIsWrong(ParseResult parse) => parse switch
    {
        { UnmatchedTokens: [var unknown, ..] } => $"`{unknown}` is not known here",
        { Errors: [{ SymbolResult: OptionResult { Tokens: [var word, ..] } given }, ..] } when given.Option.ValueType == typeof(int?) =>
            $"{given.Option.Name} takes a whole number, and not `{word.Value}`",
        _ => parse.Errors[0].Message,
    };

    private static ExitCode Fail(Exception exception, Output output, CommandHost host, CancellationToken cancellationToken)
    {
        var (code, message, hint) = exception switch
        {
            OperationCanceledException when cancellationToken.IsCancellationRequested => Cancelled,
            // What fails once a person has asked for the end fails because of that: a pg_dump in the same terminal is interrupted as well.
            NesteggException { Kind: FailureKind.OutOfReach } when cancellationToken.IsCancellationRequested => Cancelled,
            NesteggException known => (ExitCodes.Of(known.Kind), known.Message, known.Hint),
            _ when SystemWords.IsOfFiles(exception) =>
                (ExitCode.OutOfReach, SystemWords.WithPath(exception), "look at the path and at who may use it"),
            _ when cancellationToken.IsCancellationRequested => Cancelled,
            _ => (ExitCode.Unexpected, $"unexpected: {exception.Message}", "NESTEGG_TRACE=1 shows where; please report it"),
        };
        output.Error(code, message, hint);
        if (host.Environment.GetValueOrDefault("NESTEGG_TRACE") == "1")
        {
            host.Error.WriteLine(exception);
        }

        return code;
    }

    private static string CommandPath(ParseResult parse) =>
        parse.CommandResult.Command is RootCommand ? "nestegg" : $"nestegg {parse.CommandResult.Command.Name}";
}

using System.CommandLine;
using Nestegg.Cli.Terminal;

namespace Nestegg.Cli.Commands;

/// <summary><c>nestegg help</c>: the documents that hints name, for somebody who has nothing but the executable.</summary>
internal static class HelpCommand
{
    private const string Folder = "docs/";
    private const string Ending = ".md";

    /// <summary>The documents inside the executable, by their names without folder and ending.</summary>
    public static IReadOnlyList<string> Topics { get; } =
    [
        .. typeof(HelpCommand).Assembly.GetManifestResourceNames().Where(name => name.StartsWith(Folder, StringComparison.Ordinal))
            .Select(name => name[Folder.Length..^Ending.Length]).Order(StringComparer.Ordinal),
    ];

    public static Command Create(CommonOptions common)
    {
        var topic = new Argument<string?>("TOPIC")
        {
            Description = "A document or a command (else the documents are listed)", Arity = ArgumentArity.ZeroOrOne,
        };
        var command = new Command("help", "Shows a document of Nestegg, or lists them") { topic };
        common.SetActionWithoutConfiguration(
            command, parse => (Topic: parse.GetValue(topic), parse.RootCommandResult.Command), (run, asked, cancellationToken) =>
            asked.Topic is null ? Task.FromResult(List(run.Output))
            : asked.Command.Subcommands.Any(other => other.Name == asked.Topic)
                ? ShowCommandAsync(asked.Command, asked.Topic, run.Host, cancellationToken)
                : ShowAsync(run.Output, asked.Topic, cancellationToken));
        return command.WithExamples("nestegg help", "nestegg help recover-by-hand", "nestegg help backup");
    }

    private static ExitCode List(Output output)
    {
        output.Table("topic", ["topic", "what it is about"], Topics.Select(topic =>
        {
            using var text = Open(topic);
            return (Cell[])[topic, text.ReadLine()!.TrimStart('#', ' ').Replace("`", "", StringComparison.Ordinal)];
        }));
        output.Line("next: nestegg help TOPIC");
        return ExitCode.Done;
    }

    private static async Task<ExitCode> ShowCommandAsync(
        Command root, string name, CommandHost host, CancellationToken cancellationToken) =>
        (ExitCode)await root.Parse([name, "--help"]).InvokeAsync(new InvocationConfiguration { Output = host.Out }, cancellationToken);

    private static async Task<ExitCode> ShowAsync(Output output, string asked, CancellationToken cancellationToken)
    {
        // As a hint or a document writes it: docs/operations.md.
        var name = asked.StartsWith(Folder, StringComparison.Ordinal) ? asked[Folder.Length..] : asked;
        name = name.EndsWith(Ending, StringComparison.Ordinal) ? name[..^Ending.Length] : name;
        if (!Topics.Contains(name))
        {
            throw new NesteggException(
                FailureKind.BadInput, $"there is no document and no command `{asked}`", $"the documents are {string.Join(", ", Topics)}");
        }

        using var text = Open(name);
        while (await text.ReadLineAsync(cancellationToken) is { } line)
        {
            output.Line(line);
        }

        return ExitCode.Done;
    }

    private static StreamReader Open(string topic) =>
        new(typeof(HelpCommand).Assembly.GetManifestResourceStream($"{Folder}{topic}{Ending}")!);
}

using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using System.Runtime.CompilerServices;

namespace Nestegg.Cli.Commands;

/// <summary>The standard help and the command's examples after it.</summary>
internal sealed class HelpWithExamples(HelpAction standard) : SynchronousCommandLineAction
{
    public override int Invoke(ParseResult parseResult)
    {
        var code = standard.Invoke(parseResult);
        if (CommandExamples.Of(parseResult.CommandResult.Command) is not { Count: > 0 } examples)
        {
            return code;
        }

        var output = parseResult.InvocationConfiguration.Output;
        output.WriteLine("Examples:");
        foreach (var example in examples)
        {
            output.WriteLine($"  {example}");
        }

        output.WriteLine();
        return code;
    }
}

/// <summary>Examples that a command shows in its help.</summary>
internal static class CommandExamples
{
    private static readonly ConditionalWeakTable<Command, string[]> Known = [];

    /// <summary>Adds examples and returns the command.</summary>
    public static Command WithExamples(this Command command, params string[] examples)
    {
        Known.Add(command, examples);
        return command;
    }

    public static IReadOnlyList<string> Of(Command command) => Known.TryGetValue(command, out var examples) ? examples : [];
}

using System.CommandLine;
using System.CommandLine.Parsing;
using System.Text.RegularExpressions;
using Nestegg.Cli;
using Nestegg.Cli.Commands;
using Nestegg.Cli.Terminal;
using Nestegg.TestKit;

namespace Nestegg.Tests.Cli;

/// <summary>Hints, examples and documents name commands; whoever types them must not be told that they are unknown.</summary>
public sealed partial class NamedCommandTests
{
    // What follows the program's name in sentences that are not about a command.
    private static readonly string[] Words = ["as", "did", "forgotten", "index", "inside", "knows", "snapshot"];

    private static readonly RootCommand Root = CommandLine.CreateRoot(new CommonOptions(new CommandHost
    {
        Out = TextWriter.Null, Error = TextWriter.Null, Environment = new Dictionary<string, string>(), WorkingFolder = "/",
    }));

    [Fact]
    public void Every_command_has_examples_and_they_can_be_typed()
    {
        foreach (var command in Root.Subcommands.Prepend(Root))
        {
            var examples = CommandExamples.Of(command);
            Assert.NotEmpty(examples);
            foreach (var example in examples)
            {
                var words = CommandLineParser.SplitCommandLine(example.Split('#')[0]).SkipWhile(word => word != "nestegg").Skip(1);
                Assert.True(Root.Parse([.. words]).Errors is [], example);
            }
        }
    }

    [Theory]
    [InlineData("src", "*.cs")]
    [InlineData("docs", "*.md")]
    [InlineData("deploy", "*")]
    [InlineData(".", "README.md")]
    public void Every_command_and_option_that_a_text_names_exists(string folder, string pattern)
    {
        var unknown = new List<string>();
        foreach (var file in Directory.EnumerateFiles(Path.Combine(RepositoryRoot.Path, folder), pattern, folder == "."
            ? SearchOption.TopDirectoryOnly
            : SearchOption.AllDirectories))
        {
            if (!file.Contains("/obj/", StringComparison.Ordinal) && !file.Contains("/bin/", StringComparison.Ordinal))
            {
                unknown.AddRange(CommandForm().Matches(File.ReadAllText(file)).Where(match => !IsKnown(match))
                    .Select(match => $"{file}: {match.Value}"));
            }
        }

        Assert.Empty(unknown);
    }

    private static bool IsKnown(Match match)
    {
        if (Root.Subcommands.FirstOrDefault(command => command.Name == match.Groups["verb"].Value) is not { } command)
        {
            return Words.Contains(match.Groups["verb"].Value);
        }

        var options = command.Options.Concat(Root.Options).Select(option => option.Name).ToHashSet();
        return OptionForm().Matches(match.Groups["rest"].Value).All(option => options.Contains(option.Value));
    }

    [GeneratedRegex("""\bnestegg (?<verb>[a-z]+(-[a-z]+)*)(?<rest>((?!nestegg )[^`"\n])*)""", RegexOptions.ExplicitCapture)]
    private static partial Regex CommandForm();

    [GeneratedRegex("--[a-z]+(-[a-z]+)*")]
    private static partial Regex OptionForm();
}

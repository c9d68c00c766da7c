using System.Text.RegularExpressions;
using Nestegg.Cli;
using Nestegg.Cli.Commands;
using Nestegg.Cli.Terminal;
using Nestegg.TestKit;

namespace Nestegg.Tests.Cli;

/// <summary>Who has only the executable has every document that it names.</summary>
public sealed partial class HelpCommandTests : IDisposable
{
    private readonly StringWriter output = new();
    private readonly StringWriter error = new();

    public void Dispose()
    {
        output.Dispose();
        error.Dispose();
    }

    [Fact]
    public async Task Every_document_is_inside_the_executable_as_it_is()
    {
        var documents = Directory.GetFiles(RepositoryRoot.Combine("docs"), "*.md");
        Assert.Equal(documents.Select(Path.GetFileNameWithoutExtension).Order(StringComparer.Ordinal), HelpCommand.Topics);
        foreach (var path in documents)
        {
            output.GetStringBuilder().Clear();
            Assert.Equal(ExitCode.Done, await RunAsync("help", $"docs/{Path.GetFileName(path)}"));
            Assert.Equal(await File.ReadAllTextAsync(path, TestContext.Current.CancellationToken), output.ToString());
        }
    }

    [Fact]
    public void Every_document_that_a_message_names_is_there()
    {
        var named = Directory.EnumerateFiles(RepositoryRoot.Combine("src"), "*.cs", SearchOption.AllDirectories)
            .SelectMany(path => Topic().Matches(File.ReadAllText(path))).Select(match => match.Groups["topic"].Value).Distinct().ToList();
        Assert.Contains("operations", named);
        Assert.Empty(named.Except(HelpCommand.Topics).Except(["backup"]));
    }

    [Fact]
    public async Task Without_a_topic_they_are_listed_and_a_wrong_one_lists_them_too()
    {
        Assert.Equal(ExitCode.Done, await RunAsync("help"));
        Assert.All(HelpCommand.Topics, topic => Assert.Contains(topic, output.ToString()));
        Assert.Equal(ExitCode.BadInput, await RunAsync("help", "recovery"));
        Assert.StartsWith("error: there is no document and no command `recovery`\nhint: the documents are architecture,", error.ToString());
    }

    [Fact]
    public async Task A_command_is_a_topic()
    {
        Assert.Equal(ExitCode.Done, await RunAsync("help", "backup"));
        Assert.Contains("Examples:\n  nestegg backup", output.ToString());
    }

    private Task<ExitCode> RunAsync(params string[] arguments) => CommandLine.RunAsync(
        arguments,
        new CommandHost { Out = output, Error = error, Environment = new Dictionary<string, string>(), WorkingFolder = "/" },
        TestContext.Current.CancellationToken);

    [GeneratedRegex(@"nestegg help (?<topic>[a-z][a-z-]+)", RegexOptions.ExplicitCapture)]
    private static partial Regex Topic();
}

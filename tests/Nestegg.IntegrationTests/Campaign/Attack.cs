using System.Globalization;

namespace Nestegg.IntegrationTests.Campaign;

/// <summary>How a command ends under an attack, and a word of what it says; an empty one where the attack does not concern it.</summary>
internal sealed record Told(ExitCode Code, string What);

/// <summary>Something that somebody does to a repository who can write there and has no key.</summary>
/// <param name="Effect">
/// Which commands tell of it, <c>COMMAND CODE WORD</c> each; <c>readers</c> are those that open a snapshot's secret parts. The others end
/// well and have nothing to tell.
/// </param>
internal sealed record Attack(string Name, string Effect, Func<BesiegedRepository, CancellationToken, Task> RunAsync)
{
    private static readonly string[] Readers = ["audit", "prove", "export", "find"];

    /// <summary>In the order in which they are run: what writes to the repository comes last.</summary>
    public static IReadOnlyList<string> Commands { get; } = ["check", "restore", .. Readers, "backup"];

    public IReadOnlyDictionary<string, Told> Told { get; } = Parse(Effect);

    private static Dictionary<string, Told> Parse(string effect)
    {
        var told = Commands.ToDictionary(command => command, _ => new Told(ExitCode.Done, ""));
        foreach (var entry in effect.Split(';', StringSplitOptions.TrimEntries))
        {
            var words = entry.Split(' ', 3);
            var code = (ExitCode)int.Parse(words[1], CultureInfo.InvariantCulture);
            foreach (var command in words[0] == "readers" ? Readers : [words[0]])
            {
                told[command] = new Told(code, words.Length > 2 ? words[2] : "");
            }
        }

        return told;
    }
}

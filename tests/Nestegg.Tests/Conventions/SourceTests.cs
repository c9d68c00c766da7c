using System.Text.RegularExpressions;
using Nestegg.TestKit;

namespace Nestegg.Tests.Conventions;

/// <summary>What neither the compiler nor the formatter looks at.</summary>
public partial class SourceTests
{
    private const int WidestLine = 140;
    private const int LongestFile = 300;

    private static IEnumerable<string> Files => new[] { "src", "tests", "bench", "eng" }
        .SelectMany(folder => Directory.EnumerateFiles(RepositoryRoot.Combine(folder), "*.cs", SearchOption.AllDirectories))
        .Where(path => !path.Contains("/obj/", StringComparison.Ordinal) && !path.Contains("/bin/", StringComparison.Ordinal));

    [Fact]
    public void No_line_is_wider_than_a_reader_s_window()
    {
        var wide = Files.SelectMany(path => Wide(path).Select(line => $"{Path.GetRelativePath(RepositoryRoot.Path, path)}:{line}"))
            .ToList();
        Assert.True(wide.Count == 0, string.Join('\n', wide));
    }

    [Fact]
    public void No_file_of_what_ships_is_longer_than_a_reader_s_patience()
    {
        var longest = Files.Where(path => path.Contains("/src/", StringComparison.Ordinal))
            .Select(path => (Path: path, Lines: File.ReadLines(path).Count()))
            .Where(file => file.Lines > LongestFile)
            .Select(file => $"{Path.GetRelativePath(RepositoryRoot.Path, file.Path)} has {file.Lines} lines")
            .ToList();
        Assert.True(longest.Count == 0, string.Join('\n', longest));
    }

    [Fact]
    public void What_is_counted_in_a_message_is_counted_by_the_one_who_knows_the_singular()
    {
        var bare = Files
            .Where(path => path.Contains("/src/", StringComparison.Ordinal) && !path.Contains("/Nestegg.Server/", StringComparison.Ordinal))
            .SelectMany(path => File.ReadLines(path).Index()
                .Where(line => NumberBeforePlural().IsMatch(line.Item) && !line.Item.Contains("Debug.Assert", StringComparison.Ordinal))
                .Select(line => $"{Path.GetRelativePath(RepositoryRoot.Path, path)}:{line.Index + 1}: use Counted.Of"))
            .ToList();
        Assert.True(bare.Count == 0, string.Join('\n', bare));
    }

    // A name in Pascal case alone is a constant, whose number the writer knew.
    [GeneratedRegex(
        @"\{(?![A-Z]\w*(:N0)?\})[^{}""]*([Cc]ount|Length|:N0)[^{}""]*\} ([a-z]+ )?"
        + "(accounts|albums|bytes|codes|columns|days|entries|fields|files|hours|indexes|items|keys|leftovers|minutes|objects|packs|"
        + "photos|programs|proofs|rows|seconds|settings|snapshots|tables|users|values|years)\\b")]
    private static partial Regex NumberBeforePlural();

    // A literal that is cut is harder to search for and to read than one that is wide: SQL, vectors, sentences.
    private static IEnumerable<int> Wide(string path)
    {
        var isRaw = false;
        foreach (var (index, line) in File.ReadLines(path).Index())
        {
            var quotes = line.Split("\"\"\"").Length - 1;
            var isLiteral = isRaw || quotes > 0 || line.TrimStart(' ', '+', '$', '@') is ['"', ..];
            isRaw ^= quotes % 2 == 1;
            if (line.Length > WidestLine && !isLiteral)
            {
                yield return index + 1;
            }
        }
    }
}

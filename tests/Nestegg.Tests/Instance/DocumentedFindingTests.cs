using System.Text.RegularExpressions;
using Nestegg.TestKit;

namespace Nestegg.Tests.Instance;

/// <summary>Whoever is told a finding's code finds it in the documents.</summary>
public sealed partial class DocumentedFindingTests
{
    [Fact]
    public void Every_finding_is_in_the_documents()
    {
        var documents = string.Concat(
            Directory.EnumerateFiles(RepositoryRoot.Combine("docs"), "*.md").Select(File.ReadAllText));
        var codes = SourceFiles()
            .SelectMany(file => CodeForm().Matches(File.ReadAllText(file)))
            .Select(match => match.Groups["code"].Value)
            .Where(code => !code.EndsWith("-ok", StringComparison.Ordinal))
            .ToHashSet();

        Assert.NotEmpty(codes);
        Assert.Equal([], codes.Where(code => !documents.Contains($"`{code}`", StringComparison.Ordinal)).Order());
    }

    [Theory]
    [InlineData("Instance/Preflights", "Preflight*.cs")]
    [InlineData("Stores/S3", "S3Failure.cs")]
    public void So_is_every_code_that_doctor_puts_together(string folder, string pattern)
    {
        var documents = File.ReadAllText(RepositoryRoot.Combine("docs", "operations.md"));
        var codes = Directory.EnumerateFiles(RepositoryRoot.Combine("src", "Nestegg", folder), pattern)
            .SelectMany(file => DoctorForm().Matches(File.ReadAllText(file)))
            .Select(match => match.Groups["code"].Value)
            .Where(code => !code.EndsWith("-ok", StringComparison.Ordinal))
            .ToHashSet();

        Assert.NotEmpty(codes);
        Assert.All(codes, code => Assert.Contains($"`{code}`", documents, StringComparison.Ordinal));
    }

    private static IEnumerable<string> SourceFiles() =>
        Directory.EnumerateFiles(RepositoryRoot.Combine("src", "Nestegg"), "*.cs", SearchOption.AllDirectories)
            .Where(file => !file.Contains("/obj/", StringComparison.Ordinal));

    // log.Find("code", …), new Finding("code", …), log.TryFindDamage(failure, "code", …), new("code", Severity.…)
    [GeneratedRegex("""(Find(ing)?\(\s*|TryFind\w+\(\w+, |new\()"(?<code>[a-z]+(-[a-z]+)+)",""", RegexOptions.ExplicitCapture)]
    private static partial Regex CodeForm();

    // Wrong("code", …), ("code", "words"), a ? "code" : "code"
    [GeneratedRegex("""(Wrong\(|[?:=] |[ \t]\()"(?<code>[a-z]+(-[a-z]+)+)"[, ]""", RegexOptions.ExplicitCapture)]
    private static partial Regex DoctorForm();
}

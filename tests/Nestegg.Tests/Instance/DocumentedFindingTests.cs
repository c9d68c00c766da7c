using System.Text.RegularExpressions;
using Nestegg.TestKit;

namespace Nestegg.Tests.Instance;

/// <summary>Whoever is told a finding's code finds it in the documents.</summary>
public sealed partial class DocumentedFindingTests
{
    [Theory]
    [InlineData("Instance/Preflights", "Preflight*.cs")]
    [InlineData("Stores/S3", "BucketProbe.cs")]
    [InlineData("Stores/S3", "S3Failure.cs")]
    [InlineData("Backup", "*.cs")]
    public void Every_finding_of_doctor_and_backup_is_in_the_documents(string folder, string pattern)
    {
        var documents = File.ReadAllText(RepositoryRoot.Combine("docs", "operations.md"));
        var codes = Directory.EnumerateFiles(RepositoryRoot.Combine("src", "Nestegg", folder), pattern)
            .SelectMany(file => CodeForm().Matches(File.ReadAllText(file)))
            .Select(match => match.Groups["code"].Value)
            .Where(code => !code.EndsWith("-ok", StringComparison.Ordinal))
            .ToHashSet();

        Assert.NotEmpty(codes);
        Assert.All(codes, code => Assert.Contains($"`{code}`", documents, StringComparison.Ordinal));
    }

    // new Finding("code", …), Wrong("code", …), ("code", "words"), a ? "code" : "code"
    [GeneratedRegex("""(Finding\(\s*|Wrong\(|[?:=] |[ \t]\()"(?<code>[a-z]+(-[a-z]+)+)"[, ]""", RegexOptions.ExplicitCapture)]
    private static partial Regex CodeForm();
}

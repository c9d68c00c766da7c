using System.Xml.Linq;

namespace Nestegg.Server.S3;

/// <summary>
/// Who may do what to a bucket from a web page of another origin, as <c>PutBucketCors</c> takes it. An origin and a header may hold one
/// <c>*</c>, which stands for any text.
/// </summary>
internal sealed record CorsRule
{
    private const int MaxRules = 100;
    private const int MaxValues = 100;
    private const string TokenMarks = "!#$%&'*+-.^_`|~";

    private static readonly string[] KnownMethods = ["GET", "PUT", "POST", "DELETE", "HEAD"];

    public required IReadOnlyList<string> Origins { get; init; }

    public required IReadOnlyList<string> Methods { get; init; }

    public required IReadOnlyList<string> Headers { get; init; }

    public required IReadOnlyList<string> ExposedHeaders { get; init; }

    public int? MaxAgeSeconds { get; init; }

    public bool AllowsEveryOrigin => Origins.Contains("*");

    /// <summary>Whether a page of this origin may make a request of this method with these headers.</summary>
    public bool Allows(string origin, string method, IEnumerable<string> headers) =>
        Methods.Contains(method)
        && Origins.Any(pattern => Fits(pattern, origin, StringComparison.Ordinal))
        && headers.All(header => Headers.Any(pattern => Fits(pattern, header, StringComparison.OrdinalIgnoreCase)));

    /// <summary>Reads <c>CORSConfiguration</c>, within the limits of S3.</summary>
    /// <exception cref="S3Exception">It is none, or says what no rule can.</exception>
    public static IReadOnlyList<CorsRule> ParseAll(XElement document)
    {
        var rules = document.Children("CORSRule").ToList();
        return document.Name.LocalName == "CORSConfiguration" && rules.Count is > 0 and <= MaxRules
            ? [.. rules.Select(Parse)]
            : throw S3Exception.MalformedXml();
    }

    public static XElement ToXml(IEnumerable<CorsRule> rules) => S3Xml.Element("CORSConfiguration", rules.Select(rule =>
        S3Xml.Element("CORSRule",
            All("AllowedOrigin", rule.Origins), All("AllowedMethod", rule.Methods), All("AllowedHeader", rule.Headers),
            All("ExposeHeader", rule.ExposedHeaders),
            rule.MaxAgeSeconds is { } seconds ? S3Xml.Element("MaxAgeSeconds", seconds) : null)));

    private static CorsRule Parse(XElement element)
    {
        var rule = new CorsRule
        {
            Origins = Values(element, "AllowedOrigin"),
            Methods = Values(element, "AllowedMethod"),
            Headers = Values(element, "AllowedHeader"),
            ExposedHeaders = Values(element, "ExposeHeader"),
            MaxAgeSeconds = element.Child("MaxAgeSeconds") is not { } age ? null
                : int.TryParse(age, out var seconds) && seconds >= 0 ? seconds
                : throw S3Exception.MalformedXml(),
        };
        if (rule.Origins.Count == 0 || rule.Methods.Count == 0)
        {
            throw S3Exception.MalformedXml();
        }

        if (rule.Methods.Except(KnownMethods).FirstOrDefault() is { } method)
        {
            throw S3Exception.InvalidRequest($"Found unsupported HTTP method in CORS config. Unsupported method is {method}");
        }

        if (rule.Origins.Concat(rule.Headers).FirstOrDefault(pattern => pattern.Count(c => c == '*') > 1) is { } wild)
        {
            throw S3Exception.InvalidRequest($"{wild} can not have more than one wildcard.");
        }

        // They become a header of each answer.
        return rule.ExposedHeaders.FirstOrDefault(name => !IsToken(name) || name.Contains('*')) is { } exposed
            ? throw S3Exception.InvalidRequest($"ExposeHeader \"{exposed}\" is no name of a header.")
            : rule;
    }

    private static List<string> Values(XElement element, string name)
    {
        var values = element.Children(name).Select(child => child.Value).ToList();
        return values.Count <= MaxValues && values.All(value => value.Length > 0) ? values : throw S3Exception.MalformedXml();
    }

    private static IEnumerable<XElement> All(string name, IEnumerable<string> values) => values.Select(value => S3Xml.Element(name, value));

    private static bool Fits(string pattern, string text, StringComparison comparison)
    {
        var star = pattern.IndexOf('*', StringComparison.Ordinal);
        return star < 0
            ? pattern.Equals(text, comparison)
            : text.Length >= pattern.Length - 1
                && text.StartsWith(pattern[..star], comparison)
                && text.EndsWith(pattern[(star + 1)..], comparison);
    }

    private static bool IsToken(string text) => text.All(c => char.IsAsciiLetterOrDigit(c) || TokenMarks.Contains(c));
}

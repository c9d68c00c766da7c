using System.Globalization;
using System.Text.RegularExpressions;

namespace Nestegg.Restore;

/// <summary>
/// What a finished restore leaves behind: a comment on a table, which museum never looks at. It tells a database that this very command
/// filled from a foreign one, when the command was ended between its last deed and its last word.
/// </summary>
internal static partial class MarkerRemark
{
    public const string Table = "users";

    public static string Of(RestoreMarker marker) =>
        $"restored by nestegg: repository {marker.RepositoryId}, snapshot {marker.SnapshotId}, begun {marker.StartedAt.UtcDateTime:O}";

    /// <returns><see langword="null"/> when it is none.</returns>
    public static RestoreMarker? Read(string? remark) => Form().Match(remark ?? "") is { Success: true } match
        && DateTimeOffset.TryParse(
            match.Groups["at"].Value, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var startedAt)
        ? new RestoreMarker(match.Groups["repository"].Value, match.Groups["snapshot"].Value, RestoreStep.Finished, startedAt)
        : null;

    [GeneratedRegex(
        @"^restored by nestegg: repository (?<repository>[^\s,]+), snapshot (?<snapshot>[^\s,]+), begun (?<at>\S+)$",
        RegexOptions.ExplicitCapture)]
    private static partial Regex Form();
}

using System.Globalization;
using System.Text;
using Nestegg.Repositories.Files;

namespace Nestegg.Repositories;

/// <summary>What was decided about a snapshot: a line of a file under <c>forgotten/</c> (docs/format.md).</summary>
/// <param name="Manifest">The hash of its manifest.</param>
/// <param name="At">When it was decided; of two marks the later one counts.</param>
/// <param name="IsForgotten">Forgotten, or kept again.</param>
internal sealed record ForgetMark(SnapshotId Snapshot, ObjectHash Manifest, DateTimeOffset At, bool IsForgotten)
{
    private const string TimeFormat = "yyyy-MM-dd'T'HH:mm:ss.fffffff'Z'";
    private const string ForgottenWord = "forgotten";
    private const string KeptWord = "kept";

    public byte[] ToLine() => Encoding.ASCII.GetBytes(
        $"{Snapshot}\t{Manifest}\t{At.UtcDateTime.ToString(TimeFormat, CultureInfo.InvariantCulture)}\t{(IsForgotten ? ForgottenWord : KeptWord)}\n");

    /// <param name="line">Without its end.</param>
    public static ForgetMark? TryParse(string line) =>
        line.Split('\t') is [var id, var hash, var time, ForgottenWord or KeptWord] fields
        && SnapshotId.TryParse(id, out var snapshot)
        && ObjectHash.TryParse(hash, out var manifest)
        && DateTimeOffset.TryParseExact(
            time, TimeFormat, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var at)
            ? new ForgetMark(snapshot, manifest, at, fields[3] == ForgottenWord)
            : null;
}

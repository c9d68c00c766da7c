using Nestegg.Formats.Minisign;
using Nestegg.Repositories.Files;

namespace Nestegg.Backup;

/// <summary>How a backup is made.</summary>
/// <param name="SigningKey">Must be the repository's; stays the caller's.</param>
/// <param name="Recipients">
/// Who may be able to open the backups, as the operator wrote it down; empty when that was not written down.
/// </param>
/// <param name="Committed">Snapshots that this machine knows to have been finished: nothing of them is a leftover.</param>
/// <param name="Parallel">Objects in transfer at once.</param>
/// <param name="Random">Sets two runs apart that begin at the same moment.</param>
internal sealed record BackupOptions(
    MinisignSecretKey SigningKey, IReadOnlyList<string> Recipients, IReadOnlySet<SnapshotId> Committed, int Parallel, Random Random);

using Nestegg.Ente.Accounts;
using Nestegg.Ente.Library;

namespace Nestegg.Export;

/// <summary>Whose library is exported, opened.</summary>
/// <param name="UserId">The account.</param>
/// <param name="Keys">Its keys.</param>
/// <param name="Reader">Over a snapshot's tables, or over those that a live museum's answers were put into.</param>
/// <param name="Content">The bytes that go with them.</param>
internal sealed record ExportAccount(long UserId, KeyChain Keys, LibraryReader Reader, IContentSource Content)
{
    /// <summary>Albums whose list of files could not be had, and why. What is not seen in them has not been removed.</summary>
    public IReadOnlyList<(long AlbumId, string Why)> Unlisted { get; init; } = [];
}

/// <summary>An album's folder, for the files that go into it.</summary>
/// <param name="Album">Its id; 0 for the trash.</param>
/// <param name="Folder">Relative to the export's root.</param>
internal sealed record ExportTarget(long Album, string Folder);

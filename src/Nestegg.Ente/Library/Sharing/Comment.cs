namespace Nestegg.Ente.Library;

/// <summary>A comment on an album or on a file of it.</summary>
/// <param name="Id">The row's id.</param>
/// <param name="AlbumId">The album.</param>
/// <param name="FileId">The file; null for the album itself.</param>
/// <param name="ParentId">The comment that it answers.</param>
/// <param name="UserId">Who wrote it; null for a guest.</param>
/// <param name="GuestName">The name that a guest gave.</param>
/// <param name="Text">What was written; null when the row does not open.</param>
/// <param name="CreatedAt">Microseconds since 1970.</param>
/// <param name="Problem">Why it does not open.</param>
public sealed record Comment(
    string Id, long AlbumId, long? FileId, string? ParentId, long? UserId, string? GuestName, string? Text, long CreatedAt,
    LibraryProblem? Problem)
{
    /// <summary>Never the text.</summary>
    public override string ToString() => $"comment {Id}";
}

/// <summary>A reaction to an album, a file or a comment.</summary>
/// <param name="Id">The row's id.</param>
/// <param name="AlbumId">The album.</param>
/// <param name="FileId">The file, if it is to one.</param>
/// <param name="CommentId">The comment, if it is to one.</param>
/// <param name="UserId">Whose it is; null for a guest.</param>
/// <param name="GuestName">The name that a guest gave.</param>
/// <param name="Name">Which it is: <c>green_heart</c>; null when the row does not open.</param>
/// <param name="CreatedAt">Microseconds since 1970.</param>
/// <param name="Problem">Why it does not open.</param>
public sealed record Reaction(
    string Id, long AlbumId, long? FileId, string? CommentId, long? UserId, string? GuestName, string? Name, long CreatedAt,
    LibraryProblem? Problem);

using System.Text.Json;

namespace Nestegg.Ente.Library;

/// <summary>A link to chosen pictures of a person's, a "memory".</summary>
/// <param name="Id">The row's id.</param>
/// <param name="Type"><c>share</c> or <c>lane</c>.</param>
/// <param name="Secret">What follows the <c>#</c> of the link; null when the row does not open.</param>
/// <param name="Metadata">Its name and what else the app wrote; undefined when there is nothing.</param>
/// <param name="FileIds">The files that the link opens.</param>
/// <param name="Problem">What of it does not open.</param>
public sealed record MemoryShare(
    long Id, string Type, string? Secret, JsonElement Metadata, IReadOnlyList<long> FileIds, LibraryProblem? Problem)
{
    /// <summary>Never the secret.</summary>
    public override string ToString() => $"memory share {Id}";
}

/// <summary>A link to one file of a person's.</summary>
/// <param name="Id">The row's id.</param>
/// <param name="FileId">The file.</param>
/// <param name="Secret">What follows the <c>#</c> of the link; null when the row does not open.</param>
/// <param name="Problem">What of it does not open.</param>
public sealed record SharedFileLink(string Id, long FileId, string? Secret, LibraryProblem? Problem)
{
    /// <summary>Never the secret.</summary>
    public override string ToString() => $"link {Id}";
}

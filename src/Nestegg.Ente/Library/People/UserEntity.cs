using System.Text.Json;

namespace Nestegg.Ente.Library;

/// <summary>Something that the apps remember for a person: a place, a face's name, a smart album, a memory.</summary>
/// <param name="Id">The row's id.</param>
/// <param name="Type"><c>location</c>, <c>cgroup</c>, <c>smart_album</c>, <c>memory</c>, <c>person</c>, or what a newer app wrote.</param>
/// <param name="Json">What it is; undefined when the row does not open.</param>
/// <param name="UpdatedAt">Microseconds since 1970.</param>
/// <param name="Problem">Why it does not open.</param>
public sealed record UserEntity(string Id, string Type, JsonElement Json, long UpdatedAt, LibraryProblem? Problem)
{
    /// <summary>Never its content.</summary>
    public override string ToString() => $"UserEntity {Type} {Id}";
}

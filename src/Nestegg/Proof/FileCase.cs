using Nestegg.Ente.Library;
using Nestegg.Ente.Objects;
using Nestegg.Repositories.Index;

namespace Nestegg.Proof;

/// <summary>One file under proof, and whether everything of it was in order so far.</summary>
internal sealed class FileCase(LibraryFile file, ProofTally tally, bool withNames)
{
    private const string OtherSnapshot = "another snapshot may have it whole: nestegg find --all-snapshots, nestegg prove --snapshot ID";

    /// <summary>The hint for bytes that are not what they should be: no other snapshot has others.</summary>
    public const string StoredOnce =
        "nestegg check --read tells whether the repository damaged it, and the next nestegg backup fetches it again then; else look in older "
        + "copies of the bucket";

    public LibraryFile File => file;

    public bool IsProved { get; private set; } = true;

    /// <summary>Its bytes had been decrypted by an earlier proof.</summary>
    public bool WasProvedBefore { get; set; }

    private string Subject { get; } = withNames
        ? $"file {file.Id} ({string.Join(", ", file.Albums.Select(album => album.Name))}: {file.Name})"
        : $"file {file.Id}";

    public void Error(string code, string message, string hint = OtherSnapshot)
    {
        IsProved = false;
        tally.Log.Find(new Finding(code, Severity.Error, Subject, message, hint));
    }

    public void Warning(string code, string message, string hint = "") =>
        tally.Log.Find(new Finding(code, Severity.Warning, Subject, message, hint));

    /// <summary>What is derived can be made again: its damage leaves the file proved.</summary>
    public void Derived(string code, string message)
    {
        tally.Count(counts => counts.DerivedProblems++);
        Warning(code, message, "Ente's apps make it again");
    }

    /// <summary>The object, in the bucket and in the repository.</summary>
    public static string Where(NamedObject named, IndexRow row) =>
        row.Pack is null ? $"{named.Key} in {row.StoredAs}" : $"{named.Key} at byte {row.Offset} of {row.StoredAs}";
}

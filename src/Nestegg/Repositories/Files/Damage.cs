namespace Nestegg.Repositories.Files;

/// <summary>What is said when the repository is not as it was written.</summary>
internal static class Damage
{
    /// <summary>What becomes of a file under <c>objects/</c> or <c>packs/</c>, where the bytes of an object are kept once.</summary>
    public const string ObjectCure =
        "nestegg check --read puts it on the record, and the next nestegg backup fetches it again while the live bucket has it; else put the "
        + "file back from another copy of the repository";

    private const string Hint =
        "run nestegg check --read to see what else is damaged; put the file back from another copy of the repository, or use an older "
        + "snapshot";

    /// <param name="what">A sentence that names the file, what was expected and what was found.</param>
    public static NesteggException Of(string what, Exception? cause = null) => new(FailureKind.Damaged, what, Hint, cause);

    public static NesteggException Missing(string key, string location) => Of($"{key} is missing from {location}");
}

namespace Nestegg.Repositories.Files;

/// <summary>What is said when the repository is not as it was written.</summary>
internal static class Damage
{
    private const string Hint =
        "run nestegg check --read to see what else is damaged; another snapshot or another copy of the repository may be whole";

    /// <param name="what">A sentence that names the file, what was expected and what was found.</param>
    public static NesteggException Of(string what, Exception? cause = null) => new(FailureKind.Damaged, what, Hint, cause);

    public static NesteggException Missing(string key, string location) => Of($"{key} is missing from {location}");
}

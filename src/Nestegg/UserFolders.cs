namespace Nestegg;

/// <summary>
/// The folders of the user who runs this. Only full paths count: a relative one in a variable would be another folder at every start, as
/// the XDG Base Directory Specification has it. None need exist.
/// </summary>
public static class UserFolders
{
    /// <summary><c>$HOME</c>, else the user's entry in the system's list; <see langword="null"/> for a user without one.</summary>
    public static string? Home(IReadOnlyDictionary<string, string> environment) => Full(environment, "HOME")
        ?? (Environment.GetFolderPath(Environment.SpecialFolder.UserProfile, Environment.SpecialFolderOption.DoNotVerify) is { } home
            && Path.IsPathRooted(home) ? home : null);

    /// <summary><c>$XDG_CONFIG_HOME</c>, else <c>$HOME/.config</c>.</summary>
    public static string? Config(IReadOnlyDictionary<string, string> environment) =>
        Full(environment, "XDG_CONFIG_HOME") ?? Below(Full(environment, "HOME"), ".config");

    /// <summary><c>$XDG_CACHE_HOME</c>, else <c>~/.cache</c>.</summary>
    public static string? Cache(IReadOnlyDictionary<string, string> environment) =>
        Full(environment, "XDG_CACHE_HOME") ?? Below(Home(environment), ".cache");

    private static string? Below(string? home, string name) => home is null ? null : Path.Join(home, name);

    private static string? Full(IReadOnlyDictionary<string, string> environment, string variable) =>
        environment.GetValueOrDefault(variable) is { } path && Path.IsPathRooted(path) ? path : null;
}

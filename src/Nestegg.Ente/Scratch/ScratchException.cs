namespace Nestegg.Ente.Scratch;

/// <summary>The folder for temporary files is not there, is full, or cannot be written.</summary>
/// <param name="folder">That folder, which a person can make room in or replace by another.</param>
/// <param name="cause">What the file system, or SQLite upon it, said.</param>
public sealed class ScratchException(string folder, Exception cause) : EnteException(
    $"Temporary files cannot be kept in {folder}: {Reason(folder, cause)}.",
    $"{Cure(folder, cause)} in the environment variable {Variable}.", cause)
{
    private static string Variable => OperatingSystem.IsWindows() ? "TMP" : "TMPDIR";

    private static string Cure(string folder, Exception cause) => cause switch
    {
        _ when File.Exists(folder) => "Name another folder",
        _ when !Directory.Exists(folder) => "Make the folder, or name another",
        _ when SystemWords.IsDiskFull(cause) => "Make room there, or name another folder",
        _ when SystemWords.IsTooLarge(cause) => "Raise the limit, or name another folder",
        _ => "Let this user write there, or name another folder",
    };

    private static string Reason(string folder, Exception cause) => cause switch
    {
        _ when File.Exists(folder) => "it is no folder",
        _ when !Directory.Exists(folder) => "the folder does not exist",
        _ => SystemWords.Of(cause),
    };
}

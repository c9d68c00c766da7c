using Nestegg.Ente;

namespace Nestegg.Stores.Local;

/// <summary>Turns what the file system says into words that a person can act on.</summary>
internal static class LocalFailure
{
    // errno as Linux numbers it (macOS: EDQUOT is 69, ESTALE 70); .NET hands it on in HResult.
    private const int Eio = 5;
    private const int Enxio = 6;
    private const int Enospc = 28;
    private const int Erofs = 30;
    private const int Edquot = 122;
    private const int Estale = 116;
    private const int WindowsDiskFull = unchecked((int)0x80070070);

    public static void Guard(string verb, string path, string root, Action action)
    {
        try
        {
            action();
        }
        catch (Exception failure) when (IsOfFileSystem(failure))
        {
            throw Explain(verb, path, root, failure);
        }
    }

    public static T Guard<T>(string verb, string path, string root, Func<T> action)
    {
        try
        {
            return action();
        }
        catch (Exception failure) when (IsOfFileSystem(failure))
        {
            throw Explain(verb, path, root, failure);
        }
    }

    public static async Task<T> GuardAsync<T>(string verb, string path, string root, Func<Task<T>> action)
    {
        try
        {
            return await action();
        }
        catch (Exception failure) when (IsOfFileSystem(failure))
        {
            throw Explain(verb, path, root, failure);
        }
    }

    public static bool IsOfFileSystem(Exception failure) => SystemWords.IsOfFiles(failure);

    public static NesteggException Explain(string verb, string path, string root, Exception failure)
    {
        var (what, hint) = Words(failure, root);
        return new NesteggException(FailureKind.OutOfReach, $"cannot {verb} {path}: {what}", hint, failure)
        {
            IsOfOneItem = verb != "write" && failure is UnauthorizedAccessException or StrangeEntryException or { HResult: Eio or Enxio },
        };
    }

    private static (string What, string Hint) Words(Exception failure, string root)
    {
        if (!Directory.Exists(root) && failure is DirectoryNotFoundException or FileNotFoundException)
        {
            return ($"the folder {root} does not exist", "mount the disk that holds it, or correct the path of the repository");
        }

        var words = SystemWords.Of(failure);
        return failure switch
        {
            _ when SystemWords.IsTooLarge(failure) => (
                words, $"use a file system for {root} that has room for long files (FAT32 ends at 4 GiB), or raise the limit, and run the "
                + "command again; it goes on from where it stopped"),
            StrangeEntryException => (
                failure.Message,
                "look who made it; what it stands for must be a folder or file of its own there (a folder on another disk can be mounted)"),
            { HResult: Enospc or WindowsDiskFull } =>
                (words, $"make room on the disk of {root} and run the command again; it goes on from where it stopped"),
            { HResult: Edquot } => (words, $"raise the quota or make room in {root} and run the command again"),
            { HResult: Erofs } =>
                (words, $"mount the file system of {root} for writing; if it turned read-only by itself, look at "
                    + $"the kernel's log for disk errors"),
            { HResult: Eio } =>
                (words, "look at the kernel's log and at the disk's health; copy the repository "
                    + "elsewhere before anything else"),
            { HResult: Enxio } => ("it is a socket or a device", "look who made it: a repository has only files and folders"),
            { HResult: Estale } =>
                (words, $"mount {root} again and run the command again"),
            UnauthorizedAccessException => (words, $"run as the user who owns {root}, or give this user access to it"),
            FileNotFoundException or DirectoryNotFoundException =>
                ("it has vanished", $"see that the disk of {root} is still mounted and that no other program cleans this folder, and run "
                    + $"the command again"),
            PathTooLongException => ("the path is too long for the file system", "use a repository with a shorter path"),
            _ => (words, $"look at {root} and run the command again"),
        };
    }
}

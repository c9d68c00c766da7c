namespace Nestegg.Ente.Scratch;

/// <summary>A file that nobody gets, because what made it failed or has done with it.</summary>
internal static class Leftover
{
    /// <summary>Removes a file, or leaves it where it cannot be removed: the failure that made it a leftover is the one to tell.</summary>
    public static void Remove(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception failure) when (SystemWords.IsOfFiles(failure))
        {
            return;
        }
    }
}

namespace Nestegg.TestKit;

/// <summary>The folder of the source tree that the tests were built from.</summary>
public static class RepositoryRoot
{
    /// <summary>Found from the test program upwards, by the solution file.</summary>
    public static string Path { get; } = Find();

    public static string Combine(params ReadOnlySpan<string> parts) => System.IO.Path.Combine([Path, .. parts]);

    private static string Find()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(System.IO.Path.Combine(folder.FullName, "Nestegg.slnx")))
            {
                return folder.FullName;
            }
        }

        throw new InvalidOperationException($"no Nestegg.slnx above {AppContext.BaseDirectory}");
    }
}

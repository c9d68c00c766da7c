namespace Nestegg.TestKit;

/// <summary>A file system of its own, in memory, that can be filled up or made read-only. Only root can have one.</summary>
public sealed class SmallDisk : IAsyncDisposable
{
    private readonly TemporaryFolder folder;

    private SmallDisk(TemporaryFolder folder) => this.folder = folder;

    public string Path => folder.Path;

    /// <param name="options">Of tmpfs, such as <c>size=1m</c>.</param>
    /// <returns><see langword="null"/> where mounting is not allowed.</returns>
    public static async Task<SmallDisk?> TryMountAsync(string options, CancellationToken cancellationToken)
    {
        var folder = new TemporaryFolder();
        var (exitCode, _, _) = await ExternalProgram.TryRunAsync("mount", ["-t", "tmpfs", "-o", options, "tmpfs", folder.Path], cancellationToken);
        if (exitCode == 0) return new SmallDisk(folder);
        folder.Dispose();
        return null;
    }

    /// <param name="mode"><c>ro</c> or <c>rw</c>.</param>
    public Task RemountAsync(string mode, CancellationToken cancellationToken) =>
        ExternalProgram.RunAsync("mount", ["-o", "remount," + mode, folder.Path], cancellationToken);

    public async ValueTask DisposeAsync()
    {
        await ExternalProgram.RunAsync("umount", ["-l", folder.Path], CancellationToken.None);
        folder.Dispose();
    }
}

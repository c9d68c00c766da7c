namespace Nestegg.TestKit;

/// <summary>A file system of its own, that can be filled up, be made read-only or hold fewer names. Only root can have one.</summary>
public sealed class SmallDisk : IAsyncDisposable
{
    private readonly TemporaryFolder folder;

    private SmallDisk(TemporaryFolder folder) => this.folder = folder;

    public string Path => folder["disk"];

    /// <summary>One in memory.</summary>
    /// <param name="options">Of tmpfs, such as <c>size=1m</c>.</param>
    /// <returns><see langword="null"/> where mounting is not allowed.</returns>
    public static Task<SmallDisk?> TryMountAsync(string options, CancellationToken cancellationToken) =>
        TryMountAsync(disk => ExternalProgram.TryRunAsync("mount", ["-t", "tmpfs", "-o", options, "tmpfs", disk.Path], cancellationToken));

    /// <summary>What most memory cards and portable disks have.</summary>
    /// <returns><see langword="null"/> where mounting is not allowed, or mkfs.exfat or mount.exfat-fuse is not installed.</returns>
    public static Task<SmallDisk?> TryMountExFatAsync(CancellationToken cancellationToken) => TryMountAsync(async disk =>
    {
        if (ExternalProgram.Find("mkfs.exfat") is null || ExternalProgram.Find("mount.exfat-fuse") is null)
        {
            return (1, "", "");
        }

        var image = disk.folder["image"];
        using (var file = File.Create(image))
        {
            file.SetLength(64 << 20);
        }

        await ExternalProgram.RunAsync("mkfs.exfat", [image], cancellationToken);
        var attached = await ExternalProgram.TryRunAsync("losetup", ["--find", "--show", image], cancellationToken);
        if (attached.ExitCode != 0)
        {
            return attached;
        }

        var device = attached.Output.Trim();
        var mounted = await ExternalProgram.TryRunAsync("mount.exfat-fuse", [device, disk.Path], cancellationToken);
        // Done once it is mounted no more.
        await ExternalProgram.RunAsync("losetup", ["--detach", device], cancellationToken);
        return mounted;
    });

    /// <summary>Takes all the room that is left.</summary>
    public void Fill()
    {
        using var filler = new FileStream(System.IO.Path.Combine(Path, "filler"), FileMode.Append, FileAccess.Write, FileShare.None, 0);
        try
        {
            while (true)
            {
                filler.Write(new byte[4096]);
            }
        }
        catch (IOException)
        {
            // It is full now.
        }
    }

    /// <param name="mode"><c>ro</c> or <c>rw</c>.</param>
    public Task RemountAsync(string mode, CancellationToken cancellationToken) =>
        ExternalProgram.RunAsync("mount", ["-o", "remount," + mode, Path], cancellationToken);

    public async ValueTask DisposeAsync()
    {
        // Fails when a test has done so itself.
        await ExternalProgram.TryRunAsync("umount", ["-l", Path], CancellationToken.None);
        folder.Dispose();
    }

    private static async Task<SmallDisk?> TryMountAsync(Func<SmallDisk, Task<(int ExitCode, string Out, string Error)>> mount)
    {
        var disk = new SmallDisk(new TemporaryFolder());
        Directory.CreateDirectory(disk.Path);
        if ((await mount(disk)).ExitCode == 0)
        {
            return disk;
        }

        disk.folder.Dispose();
        return null;
    }
}

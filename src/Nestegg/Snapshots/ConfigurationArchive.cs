using System.Formats.Tar;
using System.Text;
using Nestegg.Ente.Configuration;

namespace Nestegg.Snapshots;

/// <summary>The configuration of an instance as the tar that docs/format.md describes.</summary>
internal static class ConfigurationArchive
{
    private const string Folder = "instance/";
    private const string EffectiveName = "effective.yaml";
    private const string EnvironmentName = "environment.env";

    // A backup leaves out files above 16 MiB; a configuration is kilobytes.
    private const long LargestBytes = 256 << 20;

    public static async Task WriteAsync(InstanceFolder instance, Stream output, TimeProvider time, CancellationToken cancellationToken)
    {
        await using var tar = new TarWriter(output, TarEntryFormat.Pax, leaveOpen: true);
        foreach (var file in instance.ListFiles().Files)
        {
            await using var content = OpenForReading(file);
            var modified = File.GetLastWriteTimeUtc(file.FullPath);
            await tar.WriteEntryAsync(Entry(Folder + file.RelativePath, content, modified), cancellationToken);
        }

        var now = time.GetUtcNow();
        await WriteTextAsync(EffectiveName, instance.Configuration.ToYaml());
        await WriteTextAsync(EnvironmentName, instance.Configuration.ToEnvironmentFile());

        Task WriteTextAsync(string name, string text) =>
            tar.WriteEntryAsync(Entry(name, new MemoryStream(Encoding.UTF8.GetBytes(text)), now), cancellationToken);
    }

    /// <summary>Reads all that a restore has a use for; <c>environment.env</c> is not among it.</summary>
    /// <param name="tar">The decrypted and decompressed <c>config.tar</c>.</param>
    /// <exception cref="NesteggException">
    /// <see cref="FailureKind.Damaged"/> when it is none that <see cref="WriteAsync"/> wrote.
    /// </exception>
    public static async Task<SavedConfiguration> ReadAsync(Stream tar, CancellationToken cancellationToken)
    {
        var files = new List<SavedFile>();
        byte[] effective = [];
        var isWhole = false;
        try
        {
            await using var reader = new TarReader(tar, leaveOpen: true);
            var total = 0L;
            while (await reader.GetNextEntryAsync(copyData: false, cancellationToken) is { } entry)
            {
                total += entry.Length;
                if (total > LargestBytes)
                {
                    throw Strange($"holds more than {LargestBytes >> 20} MiB");
                }

                if (entry.Name == EffectiveName)
                {
                    effective = new byte[entry.Length];
                    await FillAsync(entry, effective, cancellationToken);
                }
                else if (entry.Name.StartsWith(Folder, StringComparison.Ordinal) && IsFile(entry))
                {
                    files.Add(new SavedFile(Checked(entry.Name[Folder.Length..]), entry.Mode, new byte[entry.Length]));
                    await FillAsync(entry, files[^1].Content, cancellationToken);
                }
            }

            isWhole = effective.Length > 0;
            return isWhole ? new SavedConfiguration(files, effective) : throw Strange($"has no {EffectiveName}");
        }
        finally
        {
            // What was read before a failure is secret too.
            if (!isWhole)
            {
                new SavedConfiguration(files, effective).Dispose();
            }
        }
    }

    /// <summary>The files that were left out, and why.</summary>
    public static IEnumerable<Finding> Skipped(InstanceFolder instance) => instance.ListFiles().Skipped.Select(file => new Finding(
        "configuration-file-left-out", Severity.Warning, file.RelativePath,
        $"{file.RelativePath} is not in the backup of the configuration: {file.Reason}.",
        "Copy it by hand if the instance needs it."));

    private static FileStream OpenForReading(InstanceFile file)
    {
        try
        {
            return File.OpenRead(file.FullPath);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new NesteggException(
                FailureKind.BadInput, $"the instance's file {file.FullPath} cannot be read",
                "Let the user who runs backups read the instance's folder.", exception);
        }
    }

    // Modes of the original are not kept: everything in here is for the owner's eyes.
    private static PaxTarEntry Entry(string name, Stream content, DateTimeOffset modified) => new(TarEntryType.RegularFile, name)
    {
        DataStream = content,
        ModificationTime = modified,
        Mode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
    };

    private static bool IsFile(TarEntry entry) => entry.EntryType is TarEntryType.RegularFile or TarEntryType.V7RegularFile;

    private static async Task FillAsync(TarEntry entry, byte[] content, CancellationToken cancellationToken)
    {
        if (entry.DataStream is not null)
        {
            await entry.DataStream.ReadExactlyAsync(content, cancellationToken);
        }
    }

    // The names come from an archive: none may leave the folder that it is unpacked into.
    private static string Checked(string path) =>
        path.Length > 0 && !Path.IsPathRooted(path) && path.Split('/').All(part => part is not ("" or "." or "..") && !part.Contains('\\'))
            ? path
            : throw Strange($"names `{path}`, which is no path inside a folder");

    private static NesteggException Strange(string what) =>
        new(FailureKind.Damaged, $"config.tar.zst.age of the snapshot {what}", "restore another snapshot: `nestegg snapshots` lists them");
}

using System.Formats.Tar;
using System.Text;
using Nestegg.Ente.Configuration;

namespace Nestegg.Backup;

/// <summary>Writes the configuration of an instance as the tar that docs/format.md describes.</summary>
internal static class ConfigurationArchive
{
    public static async Task WriteAsync(InstanceFolder instance, Stream output, TimeProvider time, CancellationToken cancellationToken)
    {
        await using var tar = new TarWriter(output, TarEntryFormat.Pax, leaveOpen: true);
        foreach (var file in instance.ListFiles().Files)
        {
            await using var content = OpenForReading(file);
            await tar.WriteEntryAsync(Entry($"instance/{file.RelativePath}", content, File.GetLastWriteTimeUtc(file.FullPath)), cancellationToken);
        }

        var now = time.GetUtcNow();
        await WriteTextAsync("effective.yaml", instance.Configuration.ToYaml());
        await WriteTextAsync("environment.env", instance.Configuration.ToEnvironmentFile());

        Task WriteTextAsync(string name, string text) =>
            tar.WriteEntryAsync(Entry(name, new MemoryStream(Encoding.UTF8.GetBytes(text)), now), cancellationToken);
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
                FailureKind.BadInput, $"the instance's file {file.FullPath} cannot be read", "Let the user who runs backups read the instance's folder.", exception);
        }
    }

    // Modes of the original are not kept: everything in here is for the owner's eyes.
    private static PaxTarEntry Entry(string name, Stream content, DateTimeOffset modified) => new(TarEntryType.RegularFile, name)
    {
        DataStream = content,
        ModificationTime = modified,
        Mode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
    };
}

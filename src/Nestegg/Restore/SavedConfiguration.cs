using System.Formats.Tar;
using System.Security.Cryptography;
using System.Text;
using Nestegg.Ente.Configuration;

namespace Nestegg.Restore;

/// <summary>A file of the old instance's folder.</summary>
internal sealed record SavedFile(string RelativePath, UnixFileMode Mode, byte[] Content);

/// <summary>What a snapshot holds of the configuration. Held in memory, which is as large as those files; zeroed when disposed.</summary>
internal sealed class SavedConfiguration : IDisposable
{
    // A backup leaves out files above 16 MiB; a configuration is kilobytes.
    private const long LargestBytes = 256 << 20;

    private readonly List<SavedFile> files = [];
    private byte[] effective = [];

    private SavedConfiguration()
    {
    }

    /// <summary>The files as they lay in the instance's folder.</summary>
    public IReadOnlyList<SavedFile> Files => files;

    /// <summary>The settings that museum saw, as one YAML file.</summary>
    public string EffectiveYaml => Encoding.UTF8.GetString(effective);

    /// <summary>What museum saw when the snapshot was taken.</summary>
    public MuseumConfiguration Effective => MuseumConfiguration.Create([("effective.yaml", EffectiveYaml)], [new EnvironmentVariable("ENVIRONMENT", "none", "")]);

    /// <param name="tar">The decrypted and decompressed <c>config.tar</c>.</param>
    public static async Task<SavedConfiguration> ReadAsync(Stream tar, CancellationToken cancellationToken)
    {
        var configuration = new SavedConfiguration();
        try
        {
            await configuration.TakeAllAsync(tar, cancellationToken);
            return configuration;
        }
        catch
        {
            configuration.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        foreach (var file in files)
            CryptographicOperations.ZeroMemory(file.Content);

        CryptographicOperations.ZeroMemory(effective);
    }

    private async Task TakeAllAsync(Stream tar, CancellationToken cancellationToken)
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

            await TakeAsync(entry, cancellationToken);
        }

        if (effective.Length == 0)
        {
            throw Strange("has no effective.yaml");
        }
    }

    // What a restore has no use for, environment.env among it, is not read.
    private async Task TakeAsync(TarEntry entry, CancellationToken cancellationToken)
    {
        const string folder = "instance/";
        if (entry.Name == "effective.yaml")
        {
            effective = new byte[entry.Length];
            await FillAsync(entry, effective, cancellationToken);
        }
        else if (entry.Name.StartsWith(folder, StringComparison.Ordinal) && entry.EntryType is TarEntryType.RegularFile or TarEntryType.V7RegularFile)
        {
            var file = new SavedFile(Checked(entry.Name[folder.Length..]), entry.Mode, new byte[entry.Length]);
            files.Add(file);
            await FillAsync(entry, file.Content, cancellationToken);
        }
    }

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

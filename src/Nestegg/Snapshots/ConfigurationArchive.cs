using System.Formats.Tar;
using System.Security.Cryptography;
using System.Text;
using Nestegg.Ente;
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

    /// <param name="configuration">What museum makes of the files.</param>
    /// <param name="files">Those of the instance's folder.</param>
    /// <returns>Files that cannot be read any more, or are another kind of thing now, and are not in it.</returns>
    public static async Task<IReadOnlyList<SkippedFile>> WriteAsync(
        MuseumConfiguration configuration, IEnumerable<InstanceFile> files, Stream output, TimeProvider time,
        CancellationToken cancellationToken)
    {
        var skipped = new List<SkippedFile>();
        var places = new List<InstancePlace>();
        await using var tar = new TarWriter(output, TarEntryFormat.Pax, leaveOpen: true);
        foreach (var file in files)
        {
            if (ConfigurationText.TryOpenAsListed(file, out var reason) is not { } handle)
            {
                skipped.Add(new SkippedFile(file.RelativePath, reason));
                continue;
            }

            await using var content = new FileStream(handle, FileAccess.Read);
            var modified = File.GetLastWriteTimeUtc(handle);
            await tar.WriteEntryAsync(Entry(Folder + file.RelativePath, content, modified), cancellationToken);
            places.AddRange(file.Place is { } place && !places.Contains(place) ? [place] : []);
        }

        var now = time.GetUtcNow();
        await WriteTextAsync(EffectiveName, configuration.ToYaml());
        await WriteTextAsync(EnvironmentName, configuration.ToEnvironmentFile());
        if (places.Count > 0)
        {
            await WriteTextAsync(PlaceList.Name, PlaceList.Write(places));
        }

        return skipped;

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
        var contents = new Dictionary<string, byte[]>(StringComparer.Ordinal);
        SavedConfiguration? saved = null;
        try
        {
            await ReadEntriesAsync(tar, contents, cancellationToken);
            await RequireEndAsync(tar, cancellationToken);
            SavedFile[] files =
            [
                .. contents.Where(entry => entry.Key.StartsWith(Folder, StringComparison.Ordinal))
                    .Select(entry => new SavedFile(entry.Key[Folder.Length..], entry.Value)),
            ];
            return contents.GetValueOrDefault(EffectiveName) is { Length: > 0 } effective
                ? saved = new SavedConfiguration(files, effective, PlaceList.Read(contents.GetValueOrDefault(PlaceList.Name, []), files))
                : throw Strange($"has no {EffectiveName}");
        }
        catch (Exception failure) when (failure is InvalidDataException or EndOfStreamException)
        {
            throw Strange($"is no whole tar ({SystemWords.Of(failure)})");
        }
        finally
        {
            // What was read before a failure is secret too.
            foreach (var content in contents.Values.Where(_ => saved is null))
            {
                CryptographicOperations.ZeroMemory(content);
            }
        }
    }

    public static Finding LeftOut(SkippedFile file) => new(
        "configuration-file-left-out", Severity.Warning, file.RelativePath,
        $"{file.RelativePath} is not in the backup of the configuration: {file.Reason}.",
        "Copy it by hand if the instance needs it.");

    // Modes of the original are not kept: everything in here is for the owner's eyes.
    private static PaxTarEntry Entry(string name, Stream content, DateTimeOffset modified) => new(TarEntryType.RegularFile, name)
    {
        DataStream = content,
        ModificationTime = modified,
        Mode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
    };

    // Files and nothing else, each once: no link or device, and nothing of an entry's mode or owner, comes out of an archive.
    private static async Task ReadEntriesAsync(Stream tar, Dictionary<string, byte[]> contents, CancellationToken cancellationToken)
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

            if (entry.EntryType is not (TarEntryType.RegularFile or TarEntryType.V7RegularFile))
            {
                throw Strange($"holds `{entry.Name}`, which is no file");
            }

            var isOfFolder = entry.Name.StartsWith(Folder, StringComparison.Ordinal);
            if (isOfFolder && !IsPathInside(entry.Name[Folder.Length..]))
            {
                throw Strange($"names `{entry.Name}`, which is no path inside a folder");
            }

            if (isOfFolder || entry.Name is EffectiveName or PlaceList.Name)
            {
                var content = new byte[entry.Length];
                if (!contents.TryAdd(entry.Name, content))
                {
                    throw Strange($"holds `{entry.Name}` twice");
                }

                await (entry.DataStream ?? Stream.Null).ReadExactlyAsync(content, cancellationToken);
            }
        }
    }

    // A tar ends in zeros. A reader of tars stops at the first of them and never sees what else there is.
    private static async Task RequireEndAsync(Stream tar, CancellationToken cancellationToken)
    {
        var block = new byte[16 * 1024];
        while (await tar.ReadAsync(block, cancellationToken) is > 0 and var count)
        {
            if (block.AsSpan(0, count).ContainsAnyExcept((byte)0))
            {
                throw Strange("has something after its end");
            }
        }
    }

    private static bool IsPathInside(string path) =>
        path.Split('/').All(part => part is not ("" or "." or "..") && !part.Any(c => c == '\\' || char.IsControl(c)))
        && !Path.IsPathRooted(path);

    private static NesteggException Strange(string what) =>
        new(FailureKind.Damaged, $"config.tar.zst.age of the snapshot {what}", "restore another snapshot: `nestegg snapshots` lists them");
}

using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Nestegg.Ente;
using Nestegg.Repositories;
using Nestegg.Repositories.Files;
using Nestegg.Repositories.Manifests;

namespace Nestegg.Checks;

/// <summary>
/// What this machine remembers of a repository at one place, since a copy elsewhere may rightly be older: the newest snapshot that it made
/// or saw, which part was read last. A cache: without it a check is right all the same, only it cannot notice that the newest snapshots
/// were taken away.
/// </summary>
internal sealed class CheckMemory
{
    private const int PlaceDigits = 16;

    // Of a backup each hour, those of a year.
    private const int MostCommitted = 10_000;

    private readonly string path;
    private readonly CheckMemoryFile file;

    private CheckMemory(string path, CheckMemoryFile file) => (this.path, this.file) = (path, file);

    /// <summary>The newest snapshot that was ever seen.</summary>
    public PreviousManifest? Newest => file.Newest;

    /// <summary>Snapshots that were finished when this machine made or saw them; the newest of them, if there were very many.</summary>
    public IReadOnlySet<SnapshotId> Committed => file.Committed;

    /// <summary>
    /// <c>$XDG_CACHE_HOME/nestegg</c>, else <c>~/.cache/nestegg</c>; for a user without a home one that nobody can make.
    /// </summary>
    public static string FolderIn(IReadOnlyDictionary<string, string> environment) =>
        Path.Join(UserFolders.Cache(environment) ?? "/dev/null", "nestegg");

    /// <summary>Reads what is remembered; a file that is absent or broken is no memory.</summary>
    public static async Task<CheckMemory> LoadAsync(string folder, Repository repository, CancellationToken cancellationToken)
    {
        var place = ObjectHash.Of(Encoding.UTF8.GetBytes(repository.PlaceId)).ToString()[..PlaceDigits];
        var path = Path.Combine(folder, $"{repository.Description.Id}-{place}.json");
        try
        {
            var content = await File.ReadAllBytesAsync(path, cancellationToken);
            return new CheckMemory(
                path, JsonSerializer.Deserialize(content, CheckMemoryJson.Instance.CheckMemoryFile) ?? new CheckMemoryFile());
        }
        catch (Exception e) when (SystemWords.IsOfFiles(e) || e is JsonException)
        {
            return new CheckMemory(path, new CheckMemoryFile());
        }
    }

    /// <summary>
    /// The part after the one that was read last. Without a memory the day decides, so that daily parts cover everything even on a machine
    /// that forgets.
    /// </summary>
    public int NextPart(int count, TimeProvider time) =>
        file.LastParts.TryGetValue(count, out var last) && last <= count
            ? last % count + 1
            : (int)(time.GetUtcNow().ToUnixTimeSeconds() / 86400 % count) + 1;

    /// <summary>Where the next percentage begins; <see langword="null"/> without a memory.</summary>
    public uint? NextStep
    {
        get => file.NextStep;
        set => file.NextStep = value;
    }

    public void Remember(ReadScope.Part part) => file.LastParts[part.Count] = part.Number;

    public void RememberCommitted(SnapshotId snapshot)
    {
        file.Committed.Add(snapshot);
        if (file.Committed.Count > MostCommitted)
        {
            file.Committed.Remove(file.Committed.Min);
        }
    }

    /// <summary>Remembers a snapshot as the newest, unless it is older than the one that is.</summary>
    public void Remember(Manifest manifest)
    {
        if (file.Newest is null || file.Newest.Id.CompareTo(manifest.Id) <= 0)
        {
            file.Newest = new PreviousManifest(manifest.Id, manifest.Hash);
        }
    }

    /// <summary>Writes the memory; <see langword="false"/> where that is not possible, as on a read-only disk.</summary>
    public async Task<bool> TrySaveAsync(CancellationToken cancellationToken)
    {
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);

            // Always the same name, so that what a crash leaves is written over by the next check.
            var waiting = $"{path}.tmp";
            File.Delete(waiting);
            await File.WriteAllBytesAsync(
                waiting, JsonSerializer.SerializeToUtf8Bytes(file, CheckMemoryJson.Instance.CheckMemoryFile), cancellationToken);
            File.Move(waiting, path, overwrite: true);
            return true;
        }
        catch (Exception e) when (SystemWords.IsOfFiles(e))
        {
            return false;
        }
    }
}

/// <summary>The file of a <see cref="CheckMemory"/>.</summary>
internal sealed record CheckMemoryFile
{
    public PreviousManifest? Newest { get; set; }

    [JsonObjectCreationHandling(JsonObjectCreationHandling.Populate)]
    public SortedSet<SnapshotId> Committed { get; } = [];

    /// <summary>Where the next percentage begins, in millionths of all.</summary>
    public uint? NextStep { get; set; }

    /// <summary>The part that was read last, by the number of parts.</summary>
    [JsonObjectCreationHandling(JsonObjectCreationHandling.Populate)]
    public Dictionary<int, int> LastParts { get; } = [];
}

/// <inheritdoc cref="RepositoryJson"/>
[JsonSerializable(typeof(CheckMemoryFile))]
internal sealed partial class CheckMemoryJson : JsonSerializerContext
{
    public static CheckMemoryJson Instance { get; } = new(RepositoryJson.NewOptions());
}

using System.Security.Cryptography;
using Nestegg.Ente.Database;
using Nestegg.Ente.Library;
using Nestegg.Export;
using Nestegg.TestKit;
using Nestegg.TestKit.Instances;

namespace Nestegg.Tests.Export;

/// <summary>Exports known instances from their dumps and objects into a folder, and looks at what is there.</summary>
public abstract class ExportedInstance(KnownInstances instances) : IDisposable
{
    private readonly TemporaryFolder folder = new();

    private protected static CancellationToken Token => TestContext.Current.CancellationToken;

    private protected string Target => folder["photos"];

    public void Dispose()
    {
        folder.Dispose();
        GC.SuppressFinalize(this);
    }

    private protected string At(string target) => folder[target];

    private protected async Task<KnownMoment> MomentAsync(string name, string moment) => (await instances.OpenAsync(name, Token))[moment];

    private protected async Task<(KnownInstance Instance, ExportSummary Summary)> ExportAsync(
        string name, string moment, Role role, ExportOptions options, string? target = null, KnownContent? content = null)
    {
        var instance = await instances.OpenAsync(name, Token);
        await using var dump = File.OpenRead(instance[moment].DumpPath);
        await using var database = await ArchiveDatabase.LoadAsync(dump, Token);
        var reader = await LibraryReader.OpenAsync(database.Connection, Token);
        var person = instance[moment][role];
        using var keys = await person.OpenAsync(reader, Token);
        var account = new ExportAccount(person.UserId, keys, reader, content ?? new KnownContent(instance[moment]));
        return (instance, await Exporter.RunAsync(
            account, target is null ? Target : folder[target], options, new StillTime(new(2030, 1, 2, 3, 4, 5, TimeSpan.Zero)),
            RunEvents.Nowhere(), Token));
    }

    private protected static KnownAlbum OwnAlbum(KnownPerson person) => person.Albums.First(album => album.OwnerId == person.UserId);

    private protected static IEnumerable<string> Lines(IEnumerable<ExportedPath> paths) =>
        paths.Select(path => $"{path.Path} {path.Sha256}").Order(StringComparer.Ordinal);

    /// <summary>Every file with its hash, by path, without our own folder.</summary>
    private protected static IEnumerable<string> Tree(string root) =>
        Directory.EnumerateFiles(root, "*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = 0 })
            .Select(path => (Relative: Path.GetRelativePath(root, path), path))
            .Where(file => !file.Relative.StartsWith(".nestegg/", StringComparison.Ordinal))
            .Select(file => $"{file.Relative} {Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(file.path)))}")
            .Order(StringComparer.Ordinal);
}

using System.Security.Cryptography;
using Nestegg.Ente.Configuration;
using Nestegg.Snapshots;

namespace Nestegg.Restore;

/// <summary>
/// A file or folder that the configuration looks for outside of the restored folder. A restore writes nowhere but where it was told to, so
/// a person moves it.
/// </summary>
/// <param name="From">Where it is kept, relative to the folder.</param>
/// <param name="Place">Where it is looked for: absolute, or relative to the folder.</param>
/// <param name="To">The same as a full path.</param>
/// <param name="IsFolder">Whether it is a folder.</param>
/// <param name="IsTaken">Whether something else is there already.</param>
public sealed record PlannedMove(string From, string Place, string To, bool IsFolder, bool IsTaken)
{
    /// <summary>What a person types in the restored folder. Nothing is replaced unasked.</summary>
    public string Command
    {
        get
        {
            var (from, to) = (ShellWord.Of(From), ShellWord.Of(Place));
            return IsTaken && IsFolder ? $"cp -Ri {from}/. {to}/"
                : IsTaken ? $"mv -i {from} {to}"
                : $"mkdir -p {ShellWord.Of(Parent(Place))} && mv {from} {to}";
        }
    }

    /// <param name="folder">The restored folder, which need not be there yet.</param>
    /// <param name="files">What is written into it.</param>
    /// <returns><see langword="null"/> when it is in its place, or the very same is.</returns>
    internal static PlannedMove? Of(string folder, InstancePlace place, IReadOnlyCollection<SavedFile> files)
    {
        var (from, to) = (Path.GetFullPath(place.RelativePath, folder), Path.GetFullPath(place.Place, folder));
        var below = files.Where(file => file.RelativePath.StartsWith(place.RelativePath + "/", StringComparison.Ordinal)).ToList();
        var isThere = below.Count > 0
            ? below.TrueForAll(file => IsSame(to + file.RelativePath[place.RelativePath.Length..], file.Content))
            : files.FirstOrDefault(file => file.RelativePath == place.RelativePath) is { } single && IsSame(to, single.Content);
        return to == from || isThere
            ? null
            : new PlannedMove(place.RelativePath, place.Place, to, below.Count > 0 || Directory.Exists(from), Path.Exists(to));
    }

    private static bool IsSame(string path, byte[] content)
    {
        using var handle = ConfigurationText.TryOpen(path, out _);
        if (handle is null || RandomAccess.GetLength(handle) != content.Length)
        {
            return false;
        }

        var there = new byte[content.Length];
        try
        {
            return RandomAccess.Read(handle, there, 0) == content.Length && there.AsSpan().SequenceEqual(content);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(there);
        }
    }

    private static string Parent(string place) =>
        place.LastIndexOf('/') is > 0 and var at ? place[..at] : place.StartsWith('/') ? "/" : ".";
}

using Nestegg.Ente;
using Nestegg.Ente.Configuration;

namespace Nestegg.Instance;

/// <summary>
/// museum as a process of this machine without a container, as systemd starts it; Linux tells where it runs and with what.
/// </summary>
internal static class ProcessOfMuseum
{
    // The program, and what Nix makes of one that it wraps.
    private static readonly string[] Names = ["museum", ".museum-wrapped"];

    /// <summary>The one whose working folder is the instance's folder or is in it, and what is to be said.</summary>
    public static (MuseumProcess? Process, IReadOnlyList<Finding> Findings) Find(string folder)
    {
        var (found, hidden) = (new List<(string Id, MuseumProcess Process)>(), new List<string>());
        foreach (var process in Directory.Exists("/proc") ? Directory.EnumerateDirectories("/proc") : [])
        {
            var id = Path.GetFileName(process);
            if (!int.TryParse(id, out _) || !Names.Contains(OrNull(() => File.ReadAllText($"{process}/comm"))?.TrimEnd('\n')))
            {
                continue;
            }

            if (OrNull(() => new FileInfo($"{process}/cwd").LinkTarget) is not { } cwd
                || OrNull(() => File.ReadAllText($"{process}/environ")) is not { } environment)
            {
                hidden.Add(id);
            }
            else if (LinkedPath.IsWithin(cwd, LinkedPath.Resolve(folder) ?? folder))
            {
                found.Add((id, Process(id, cwd, environment)));
            }
        }

        return (
            found.Count == 1 ? found[0].Process : null,
            [.. Ambiguous(found.ConvertAll(entry => entry.Id)), .. Hidden(hidden, found.Count)]);
    }

    private static MuseumProcess Process(string id, string workingFolder, string environment) => new($"the process {id}")
    {
        WorkingFolder = workingFolder,
        Environment = environment.Split('\0', StringSplitOptions.RemoveEmptyEntries),
        Mounts = new Dictionary<string, string?> { ["/"] = "/" },
    };

    private static IEnumerable<Finding> Ambiguous(List<string> ids)
    {
        if (ids.Count > 1)
        {
            yield return new Finding(
                "museum-ambiguous", Severity.Warning, string.Join(", ", ids.Select(id => $"/proc/{id}")),
                "each of these processes could be the instance's museum: what the files say counts",
                "name the working folder of the right one as the instance's folder");
        }
    }

    private static IEnumerable<Finding> Hidden(List<string> ids, int found)
    {
        if (ids.Count > 0 && found == 0)
        {
            yield return new Finding(
                "museum-unasked", Severity.Note, string.Join(", ", ids.Select(id => $"/proc/{id}")),
                "museum runs there, and this user may not read its working folder and its environment. What the files say counts",
                "run Nestegg as root or as museum's user, if it is this instance's");
        }
    }

    // Neither a process that has ended nor one of another user is an error.
    private static string? OrNull(Func<string?> read)
    {
        try
        {
            return read();
        }
        catch (Exception failure) when (SystemWords.IsOfFiles(failure))
        {
            return null;
        }
    }
}

using System.Text.RegularExpressions;

namespace Nestegg.Ente.Configuration;

/// <summary>Tells which service of a compose project is museum: by what it is, since its name and image need not be Ente's.</summary>
internal static partial class MuseumService
{
    /// <param name="services">All services of the project.</param>
    /// <param name="profiles">Those that are active; a service of another does not run.</param>
    /// <exception cref="EnteException">Several services look like museum, and each has settings of its own.</exception>
    public static ComposeService? Find(IEnumerable<ComposeService> services, IReadOnlyCollection<string> profiles)
    {
        var ranked = services.Select(service => (Service: service, Rank: Rank(service))).Where(entry => entry.Rank > 0).ToList();
        var active = ranked.FindAll(entry => IsActive(entry.Service, profiles));
        var candidates = active.Count > 0 ? active : ranked;
        if (candidates.Count == 0)
        {
            return null;
        }

        var best = candidates.Max(entry => entry.Rank);
        var equals = candidates.FindAll(entry => entry.Rank == best).ConvertAll(entry => entry.Service);
        return equals.All(service => IsSame(service, equals[0]))
            ? equals[0]
            : throw new EnteException(
                $"Several services of the compose file could be museum: {string.Join(", ", equals.Select(service => service.Name))}.",
                "Name the compose file that has only the right one with instance.compose-files, or set COMPOSE_PROFILES.");
    }

    // What it mounts and is told says more than its name; a name alone is enough when nothing else is like museum.
    private static int Rank(ComposeService service) => Rank(
        service.Image, service.Name, service.Command, service.Files.Keys.Concat(service.Documents.Keys),
        service.Environment.Select(variable => variable.Name));

    /// <summary>How much speaks for a service or a container being museum; 0 when nothing does.</summary>
    /// <param name="image">What it is started from.</param>
    /// <param name="name">The service's, or the container's where it has none.</param>
    /// <param name="command">Program and arguments.</param>
    /// <param name="files">The paths inside that it is given.</param>
    /// <param name="variables">The names in its environment.</param>
    public static int Rank(string? image, string? name, string command, IEnumerable<string> files, IEnumerable<string> variables)
    {
        var isConfigured = files.Any(path => path.EndsWith("/museum.yaml", StringComparison.Ordinal))
            || variables.Any(variable => MuseumKeys.KeyOf(variable) is not null);
        return (IsServerImage(image) ? 8 : 0) + (isConfigured ? 4 : 0) + (name == "museum" ? 2 : 0) + (Program().IsMatch(command) ? 1 : 0);
    }

    /// <summary>Whether an image is called as Ente's is, as others publish it, or as people call the one that they built.</summary>
    public static bool IsServerImage(string? image) => ServerImage().IsMatch(image?.Split('@')[0] ?? "");

    private static bool IsActive(ComposeService service, IReadOnlyCollection<string> profiles) =>
        service.Profiles.Count == 0 || profiles.Contains("*") || service.Profiles.Any(profiles.Contains);

    // Two of one kind behind a balancer.
    private static bool IsSame(ComposeService one, ComposeService other) =>
        one.Environment.Select(variable => (variable.Name, variable.Value)).ToHashSet()
            .SetEquals(other.Environment.Select(variable => (variable.Name, variable.Value)))
        && one.VariableFiles.SequenceEqual(other.VariableFiles)
        && one.Files.Select(file => (file.Key, file.Value.HostPath)).ToHashSet()
            .SetEquals(other.Files.Select(file => (file.Key, file.Value.HostPath)))
        && one.Documents.ToHashSet().SetEquals(other.Documents);

    // ghcr.io/ente/server, ghcr.io/ente-io/server, 11notes/ente, registry:5000/ente-museum, my-ente-museum as compose calls what it builds.
    [GeneratedRegex(@"(^|/)(ente(-io)?/server|ente-?server|ente|entemuseum|([^/:]*[-_.])?museum)(:[^/]*)?$", RegexOptions.IgnoreCase)]
    private static partial Regex ServerImage();

    [GeneratedRegex(@"(^|[\s/])museum(\s|$)")]
    private static partial Regex Program();
}

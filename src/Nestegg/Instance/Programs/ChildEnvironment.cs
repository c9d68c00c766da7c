using System.Diagnostics;

namespace Nestegg.Instance.Programs;

/// <summary>
/// What a program that Nestegg starts gets of Nestegg's own environment, which may hold the repository's passphrase, the keys of its bucket
/// and the instance's secrets: what programs need to run and to find a container engine or another machine, and nothing else.
/// </summary>
internal static class ChildEnvironment
{
    private static readonly HashSet<string> Names = new(
        [
            "PATH", "HOME", "USER", "LOGNAME", "LANG", "LANGUAGE", "TZ", "TMPDIR", "LD_LIBRARY_PATH", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME",
            "SSH_AUTH_SOCK", "SSL_CERT_FILE", "SSL_CERT_DIR", "KUBECONFIG", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy",
            "https_proxy", "no_proxy",

            // Windows: without these no program starts.
            "SYSTEMROOT", "SYSTEMDRIVE", "WINDIR", "COMSPEC", "PATHEXT", "TEMP", "TMP", "USERPROFILE", "APPDATA", "LOCALAPPDATA",
            "PROGRAMDATA", "PROGRAMFILES",
        ],
        OperatingSystem.IsWindows() ? StringComparer.OrdinalIgnoreCase : StringComparer.Ordinal);

    private static readonly string[] Prefixes = ["LC_", "DOCKER_", "COMPOSE_", "CONTAINER_", "CONTAINERD_", "CONTAINERS_", "PODMAN_"];

    public static void Narrow(ProcessStartInfo start)
    {
        foreach (var name in start.Environment.Keys.Where(name => !Passes(name)).ToList())
        {
            start.Environment.Remove(name);
        }
    }

    /// <summary>Whether a variable of ours is a program's too.</summary>
    public static bool Passes(string name) =>
        Names.Contains(name) || Prefixes.Any(prefix => name.StartsWith(prefix, StringComparison.Ordinal));
}

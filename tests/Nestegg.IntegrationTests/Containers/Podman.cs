using Nestegg.TestKit;

namespace Nestegg.IntegrationTests.Containers;

/// <summary>
/// Podman as root. No image can be had everywhere: the file system of this machine, under a layer that is thrown away, stands in for one.
/// </summary>
internal sealed class Podman : IAsyncDisposable
{
    private readonly string network = "nestegg-" + Guid.NewGuid().ToString("n")[..12];
    private readonly List<string> names = [];

    private Podman()
    {
    }

    /// <summary>Skips the test, with the reason, where containers do not run.</summary>
    public static async Task<Podman> StartAsync(CancellationToken cancellationToken)
    {
        Assert.SkipWhen(ExternalProgram.Find("podman") is null, "podman is not installed");
        Assert.SkipUnless(Environment.UserName == "root", "only root runs containers on this machine's file system");
        Environment.SetEnvironmentVariable("CONTAINERS_CONF", RepositoryRoot.Combine("eng/containers.conf"));
        var podman = new Podman();
        var (code, _, error) = await ExternalProgram.TryRunAsync(
            "podman", ["run", "--rm", "--rootfs", "/:O", "true"], cancellationToken);
        Assert.SkipUnless(code == 0, $"podman runs no container here: {error}");
        await AskAsync(cancellationToken, "network", "create", podman.network);
        return podman;
    }

    public static Task<string> AskAsync(CancellationToken cancellationToken, params IEnumerable<string> arguments) =>
        ExternalProgram.RunAsync("podman", arguments, cancellationToken);

    public string NameOf(string service) => $"{network}-{service}-1";

    /// <summary>Starts a container as Compose would for a service of a project in a folder.</summary>
    /// <param name="options">More options, before the command.</param>
    /// <param name="isOfCompose">Whether Docker Compose's labels are given; of podman-compose's own, the folder's is the same.</param>
    public async Task<string> RunServiceAsync(
        string folder, string service, IEnumerable<string> options, IEnumerable<string> command, CancellationToken cancellationToken,
        bool isOfCompose = true)
    {
        string[] labels = isOfCompose
            ? ["--label", $"com.docker.compose.project={network}", "--label", $"com.docker.compose.service={service}"]
            : [];
        var name = NameOf(service);
        names.Add(name);
        await AskAsync(
            cancellationToken,
            [
                "run", "--detach", "--replace", "--name", name, "--network", network, "--network-alias", service,
                .. labels, "--label", $"com.docker.compose.project.working_dir={folder}", .. options, "--rootfs", "/:O", .. command,
            ]);
        return name;
    }

    public static async Task<string> AddressAsync(string name, CancellationToken cancellationToken) => (await AskAsync(
        cancellationToken, "inspect", "--format", "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}", name)).Trim();

    public async ValueTask DisposeAsync()
    {
        foreach (var name in names.Distinct())
        {
            await ExternalProgram.TryRunAsync("podman", ["rm", "--force", "--time", "0", name], CancellationToken.None);
        }

        await ExternalProgram.TryRunAsync("podman", ["network", "rm", network], CancellationToken.None);
    }
}

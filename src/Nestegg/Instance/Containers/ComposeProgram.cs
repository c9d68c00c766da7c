using System.Diagnostics;
using System.Text;
using Nestegg.Ente.Configuration;

namespace Nestegg.Instance.Containers;

/// <summary>Compose itself, which resolves the files of a project better than any other reader of them.</summary>
/// <param name="Command">The program, and what stands before Compose's own arguments.</param>
internal sealed record ComposeProgram(IReadOnlyList<string> Command, TimeProvider Time)
{
    private static readonly string[][] Commands = [["docker", "compose"], ["docker-compose"]];

    /// <summary>What a person types.</summary>
    public string Name => string.Join(' ', Command);

    /// <summary>Those that may be on this machine; whether they are, they say when they are asked.</summary>
    public static IReadOnlyList<ComposeProgram> OfThisMachine(TimeProvider time) =>
        [.. Commands.Where(command => ContainerEngine.IsOnThisMachine(command[0])).Select(command => new ComposeProgram(command, time))];

    /// <summary>Whether it is there, and not the first Compose, which had no <c>config --format json</c>.</summary>
    public async Task<bool> IsThereAsync(CancellationToken cancellationToken)
    {
        try
        {
            var version = await AskAsync(["version", "--short"], Environment.CurrentDirectory, [], cancellationToken);
            return version.TrimStart('v') is [>= '2' and <= '9', ..] or [>= '1' and <= '9', >= '0' and <= '9', ..];
        }
        catch (NesteggException)
        {
            return false;
        }
    }

    /// <summary>The project of a folder's compose files, with everything filled in.</summary>
    /// <param name="variables">Those of Nestegg's own environment.</param>
    /// <exception cref="NesteggException">Compose refuses the files; the message has its words.</exception>
    public Task<string> ResolveAsync(
        InstanceFolder folder, IEnumerable<KeyValuePair<string, string>> variables, CancellationToken cancellationToken) =>
        AskAsync(
            [
                // It finds .env by itself, and what COMPOSE_ENV_FILES names in its place.
                .. folder.VariableFiles.Where(file => file != Path.Join(folder.Folder, ".env"))
                    .SelectMany(file => new[] { "--env-file", file }),
                .. folder.ComposeFiles.SelectMany(file => new[] { "--file", file }), "config", "--format", "json",
            ],
            folder.Folder, variables, cancellationToken);

    private async Task<string> AskAsync(
        IEnumerable<string> arguments, string folder, IEnumerable<KeyValuePair<string, string>> variables,
        CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo(Command[0], [.. Command.Skip(1), .. arguments]) { WorkingDirectory = folder };
        return Encoding.UTF8.GetString(await ContainerEngine.AskAsync(start, variables, Time, cancellationToken));
    }
}

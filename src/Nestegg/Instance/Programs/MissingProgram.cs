using Nestegg.Settings;

namespace Nestegg.Instance.Programs;

/// <summary>
/// What is said of one of PostgreSQL's programs that is not there, does not run or is too old: by what a person configured, and by whether
/// the server's container was found in this run.
/// </summary>
/// <param name="name"><c>pg_dump</c> or <c>pg_restore</c>.</param>
internal sealed class MissingProgram(string name, PostgresProgramSettings settings)
{
    private readonly IReadOnlyList<string> configured = settings.Configured(name);

    /// <param name="subject">Its name, or a word for it.</param>
    public string Message(string subject) => (configured, settings.Container) switch
    {
        ({ Count: > 0 }, _) => $"`{string.Join(' ', configured)} --version` does not work",
        (_, { } container) => $"{subject} is neither on this machine nor in the server's container {container.ContainerName}",
        _ => $"{subject} is not on this machine, and no container of the server was found",
    };

    /// <summary>What to do.</summary>
    public string Hint
    {
        get
        {
            const string install = "install PostgreSQL's client programs, of the server's version or newer";
            var leaveOut = $"leave out postgresql.{name.Replace('_', '-')} in nestegg.yaml"
                + (name == "pg_restore" ? " and --pg-restore" : "");
            return (configured, settings.Container) switch
            {
                ({ Count: > 0 }, { } container) =>
                    $"{leaveOut}: that of the server's container {container.ContainerName} is found by itself",
                ({ Count: > 0 }, null) => $"try that command by hand; or {install}, and {leaveOut}",
                (_, { }) => install,
                _ => $"{install}; or, if the server is in a container, see that it runs and that you may ask its engine (docker ps, podman "
                    + "ps), and run the command again: its own are found by themselves",
            };
        }
    }

    public NesteggException AsException() => new(FailureKind.BadInput, Message(name), Hint);
}

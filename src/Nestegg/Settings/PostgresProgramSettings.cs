namespace Nestegg.Settings;

/// <summary>How PostgreSQL's own programs are run. Without a command they are looked for on this machine.</summary>
public sealed record PostgresProgramSettings
{
    public IReadOnlyList<string> PgDump { get; init; } = [];

    public IReadOnlyList<string> PgRestore { get; init; } = [];

    /// <summary>How a configured command reaches the server; ours are always told host and port.</summary>
    public PostgresConnect Connect { get; init; } = PostgresConnect.Auto;

    /// <summary>Those of the server's container, found in this run; used where this machine has none that fit.</summary>
    internal ContainerPrograms? Container { get; init; }

    /// <summary>The command of a person for a program; empty when there is none.</summary>
    /// <param name="name"><c>pg_dump</c> or <c>pg_restore</c>.</param>
    internal IReadOnlyList<string> Configured(string name) => name switch { "pg_dump" => PgDump, "pg_restore" => PgRestore, _ => [] };
}

/// <summary>How a configured command reaches the server.</summary>
public enum PostgresConnect
{
    /// <summary><see cref="Socket"/> for docker, podman, nerdctl and kubectl, else <see cref="Network"/>.</summary>
    Auto,

    /// <summary>Host and port are given, taken through the map.</summary>
    Network,

    /// <summary>
    /// No host is given: inside its container the server listens on its socket, where the official image asks for no password.
    /// </summary>
    Socket,
}

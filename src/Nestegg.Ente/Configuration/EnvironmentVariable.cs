namespace Nestegg.Ente.Configuration;

/// <summary>A variable of museum's environment. Not a record: a record's text would print secrets.</summary>
public sealed class EnvironmentVariable(string name, string value, string source)
{
    /// <summary>Its name: <c>ENTE_DB_HOST</c>.</summary>
    public string Name { get; } = name;

    /// <summary>Its value, perhaps a secret.</summary>
    public string Value { get; } = value;

    /// <summary>Where it was set: <c>compose.yaml</c>, <c>.env</c>, <c>the environment</c>.</summary>
    public string Source { get; } = source;

    /// <summary>Never its value.</summary>
    public override string ToString() => $"{Name} in {Source}";
}

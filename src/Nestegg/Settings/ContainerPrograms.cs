namespace Nestegg.Settings;

/// <summary>PostgreSQL's own programs in the container of its server: their version is the server's.</summary>
/// <param name="Command">What runs a program in there, from any working folder; its name follows.</param>
/// <param name="ContainerName">What a person calls the container.</param>
/// <param name="Port">Where the server listens inside.</param>
internal sealed record ContainerPrograms(IReadOnlyList<string> Command, string ContainerName, int Port)
{
    /// <summary>The program of its engine.</summary>
    public string Engine => Command[0];
}

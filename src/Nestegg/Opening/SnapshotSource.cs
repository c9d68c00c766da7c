namespace Nestegg.Opening;

/// <summary>Which snapshot, and what opens its secret parts.</summary>
/// <param name="Name">Its id, the beginning of it, or <c>latest</c>.</param>
public sealed record SnapshotSource(string Name, IdentitySource Identities)
{
    /// <summary>The newest one.</summary>
    public const string Latest = "latest";
}

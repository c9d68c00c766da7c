using System.Text.Json.Serialization;
using Nestegg.Repositories.Files;

namespace Nestegg.Repositories.Locks;

/// <summary>What a file under <c>locks/</c> says.</summary>
internal sealed record LockFile(
    string Id, string Host, int Process, string Command, DateTimeOffset StartedAt, DateTimeOffset HeartbeatAt)
{
    /// <summary>
    /// In which table <see cref="Process"/> is a number; see <see cref="ProcessTable.Here"/>. Absent where there is none that can be named.
    /// </summary>
    public string? ProcessTable { get; init; }
}

/// <inheritdoc cref="RepositoryJson"/>
[JsonSerializable(typeof(LockFile))]
internal sealed partial class LockJson : JsonSerializerContext
{
    public static LockJson Instance { get; } = new(RepositoryJson.NewOptions());
}

namespace Nestegg.Repositories;

/// <summary>What a file under <c>locks/</c> says.</summary>
internal sealed record LockFile(
    string Id, string Host, int Process, string Command, DateTimeOffset StartedAt, DateTimeOffset HeartbeatAt, DateTimeOffset ExpiresAt);

using System.Text.Json;
using Nestegg.Stores;

namespace Nestegg.Repositories.Locks;

/// <summary>What can be told of a lock by looking at it once.</summary>
internal enum LockState
{
    /// <summary>Renewed within the last five minutes, by what it says and by the store's clock.</summary>
    Alive,

    /// <summary>Not renewed for five minutes, by both.</summary>
    Dead,

    /// <summary>The two contradict each other, or speak of the future: whoever watches it will see.</summary>
    Unclear,
}

/// <summary>A lock of somebody else as it was seen. Nobody signs it: it counts for five minutes, whatever it says.</summary>
/// <param name="Content">Of a file that is too long, the beginning.</param>
internal sealed record OtherLock(string Key, ReadOnlyMemory<byte> Content, LockFile File, DateTimeOffset ModifiedAt)
{
    // Two clocks that are right are not further apart.
    private static readonly TimeSpan Slack = TimeSpan.FromMinutes(1);

    /// <summary>Takes up a file under <c>locks/</c>. One that cannot be read is a lock of somebody unknown.</summary>
    public static OtherLock Of(StoreItem item, ReadOnlyMemory<byte> content) =>
        new(item.Key, content, TryParse(content) ?? Unknown(item), item.ModifiedAt);

    public LockState StateAt(DateTimeOffset now)
    {
        var limit = now - RepositoryLock.Lifetime;
        return File.HeartbeatAt <= limit && ModifiedAt <= limit ? LockState.Dead
            : IsRecent(File.HeartbeatAt) && IsRecent(ModifiedAt) ? LockState.Alive
            : LockState.Unclear;

        bool IsRecent(DateTimeOffset moment) => moment > limit && moment <= now + Slack;
    }

    public override string ToString() =>
        $"{File.Command} on {File.Host}, process {File.Process}, since {File.StartedAt.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC";

    private static LockFile? TryParse(ReadOnlyMemory<byte> content)
    {
        try
        {
            return JsonSerializer.Deserialize(content.Span, LockJson.Instance.LockFile);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static LockFile Unknown(StoreItem item) => new(
        item.Key, "an unknown host", 0, $"something that left the unreadable file {item.Key}", item.ModifiedAt, item.ModifiedAt);
}

using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Nestegg.Server.S3;

/// <summary>How long the store bears with a client that sends, or takes, little or nothing.</summary>
/// <param name="Patience">For the headers of a request, for each piece of an answer, and before a rate is asked for at all.</param>
/// <param name="BytesPerSecond">What must go on coming, or being taken, after that.</param>
internal sealed record ServerLimits(TimeSpan Patience, int BytesPerSecond)
{
    /// <summary>What one object or part may have, as on S3.</summary>
    public const long MaxObjectBytes = 5L << 30;

    public const int SendBufferBytes = 64 * 1024;

    private const int MaxConnections = 1000;

    public static ServerLimits Default { get; } = new(TimeSpan.FromSeconds(30), 1024);

    /// <summary>Multipart uploads that are begun and neither completed nor aborted.</summary>
    public int MaxUploads { get; init; } = 1000;

    /// <summary>What all their parts have together, and so what an object made of parts can have.</summary>
    public long MaxUploadBytes { get; init; } = 100L << 30;

    /// <summary>When an upload that was not completed is given up.</summary>
    public TimeSpan UploadLifetime { get; init; } = TimeSpan.FromDays(7);

    public void Apply(KestrelServerLimits limits)
    {
        // The length of a body is limited where it is read, in the terms of S3.
        limits.MaxRequestBodySize = null;
        limits.MaxConcurrentConnections = MaxConnections;
        limits.RequestHeadersTimeout = Patience;
        limits.MinRequestBodyDataRate = new MinDataRate(BytesPerSecond, Patience);
        limits.MinResponseDataRate = new MinDataRate(BytesPerSecond, Patience);
    }
}

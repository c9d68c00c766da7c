using Nestegg.Ente;
using Nestegg.Ente.Cryptography;

namespace Nestegg.TestKit;

/// <summary>So many bytes that are not all the same, hashed on the way.</summary>
internal sealed class MadeUpStream(long length) : ReadOnlyStream
{
    private readonly Blake2b hash = new();
    private readonly byte[] pattern = SampleRepository.Content(1 << 20, 1);
    private long left = length;

    /// <summary>As an app records it; once, after the end.</summary>
    public string Hash => Convert.ToBase64String(hash.Finish());

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var count = (int)Math.Min(Math.Min(buffer.Length, pattern.Length), left);
        pattern.AsSpan(0, count).CopyTo(buffer.Span);
        hash.Update(pattern.AsSpan(0, count));
        left -= count;
        return ValueTask.FromResult(count);
    }

    protected override void Dispose(bool disposing)
    {
        hash.Dispose();
        base.Dispose(disposing);
    }
}

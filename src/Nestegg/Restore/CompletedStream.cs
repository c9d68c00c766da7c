using Nestegg.Ente;

namespace Nestegg.Restore;

/// <summary>
/// Reads to the very end of a stream before it hands on the last bytes. A verified stream compares its hash when it ends; a
/// reader that knows the length never asks for the end, and would have handed on a damaged object whole.
/// </summary>
internal sealed class CompletedStream(Stream inner, long sizeBytes) : ReadOnlyStream
{
    private readonly byte[] beyond = new byte[1];
    private long readBytes;

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var count = await inner.ReadAsync(buffer, cancellationToken);
        readBytes += count;
        if (count > 0 && readBytes >= sizeBytes && await inner.ReadAsync(beyond, cancellationToken) > 0)
        {
            throw new NesteggException(
                FailureKind.Damaged, $"an object is longer than the {sizeBytes:N0} bytes that the index states", "nestegg check --read");
        }

        return count;
    }

    public override async ValueTask DisposeAsync()
    {
        await inner.DisposeAsync();
        await base.DisposeAsync();
    }

    protected override void Dispose(bool disposing)
    {
        inner.Dispose();
        base.Dispose(disposing);
    }
}

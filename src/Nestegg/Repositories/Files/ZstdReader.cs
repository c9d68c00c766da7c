using Nestegg.Ente;
using ZstdSharp;

namespace Nestegg.Repositories.Files;

/// <summary>
/// Decompresses a zstd file; says <see cref="FailureKind.Damaged"/> where the decompressor throws its own. Disposing it disposes the
/// compressed stream.
/// </summary>
/// <param name="name">What the file is called in messages.</param>
internal sealed class ZstdReader(Stream inner, string name) : ReadOnlyStream
{
    private readonly DecompressionStream zstd = new(inner, leaveOpen: true);

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        try
        {
            var count = await zstd.ReadAsync(buffer, cancellationToken);

            // The end is the end of the compressed stream too, so that whatever verifies it has seen all of it.
            if (count == 0 && buffer.Length > 0 && await inner.ReadAsync(new byte[1], cancellationToken) > 0)
            {
                throw Damage.Of($"bytes follow the end of {name}");
            }

            return count;
        }
        catch (ZstdException e)
        {
            throw Damage.Of($"{name} is no whole zstd file", e);
        }
        catch (EndOfStreamException e)
        {
            throw Damage.Of($"{name} is cut off", e);
        }
    }

    public override async ValueTask DisposeAsync()
    {
        await zstd.DisposeAsync();
        await inner.DisposeAsync();
        await base.DisposeAsync();
    }

    protected override void Dispose(bool disposing)
    {
        zstd.Dispose();
        inner.Dispose();
        base.Dispose(disposing);
    }
}

using System.Security.Cryptography;
using Nestegg.Ente;

namespace Nestegg.Repositories.Files;

/// <summary>
/// Reads a stored item and, when it ends, compares its length and SHA-256 with what they should be. Disposing it disposes the item.
/// </summary>
/// <param name="name">What the item is called in messages.</param>
internal sealed class VerifyingStream(Stream inner, string name, long? expectedBytes, ObjectHash expected) : ReadOnlyStream
{
    private readonly IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private bool isVerified;

    public long ReadBytes { get; private set; }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var count = await inner.ReadAsync(buffer, cancellationToken);
        hash.AppendData(buffer.Span[..count]);
        ReadBytes += count;
        if (count == 0 && buffer.Length > 0 && !isVerified)
        {
            Verify();
        }

        return count;
    }

    /// <summary>Reads what is left, so that the whole item has been compared.</summary>
    public async Task DrainAsync(CancellationToken cancellationToken)
    {
        var buffer = System.Buffers.ArrayPool<byte>.Shared.Rent(512 * 1024);
        try
        {
            while (await ReadAsync(buffer, cancellationToken) > 0)
            {
            }
        }
        finally
        {
            System.Buffers.ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    public override async ValueTask DisposeAsync()
    {
        hash.Dispose();
        await inner.DisposeAsync();
        await base.DisposeAsync();
    }

    protected override void Dispose(bool disposing)
    {
        hash.Dispose();
        inner.Dispose();
        base.Dispose(disposing);
    }

    private void Verify()
    {
        Span<byte> result = stackalloc byte[ObjectHash.SizeBytes];
        hash.GetHashAndReset(result);
        var found = new ObjectHash(result);
        if (expectedBytes is { } length && ReadBytes != length)
        {
            throw Damage.Of($"{name} has {ReadBytes} bytes and should have {length}");
        }

        if (found != expected)
        {
            throw Damage.Of($"{name} hashes to {found} and should hash to {expected}");
        }

        isVerified = true;
    }
}

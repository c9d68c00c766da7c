using System.Diagnostics;
using System.Security.Cryptography;
using Nestegg.Ente;

namespace Nestegg.Repositories.Files;

/// <summary>
/// Reads a stored item and, when it ends, compares its length and SHA-256 with what they should be. Where the length is known it does so
/// before it hands on the last bytes: a reader that stops where the item should end has not got the whole of one that is damaged.
/// Disposing it disposes the item.
/// </summary>
/// <param name="name">What the item is called in messages.</param>
/// <param name="expectedBytes">
/// <see langword="null"/> when it is not known: then only a reader that has been returned 0 knows that the item is whole.
/// </param>
internal sealed class VerifyingStream(Stream inner, string name, long? expectedBytes, ObjectHash expected) : ReadOnlyStream
{
    private readonly IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private bool isVerified;
    private NesteggException? failure;

    public long ReadBytes { get; private set; }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (failure is not null)
        {
            throw failure;
        }

        var count = await inner.ReadAsync(buffer, cancellationToken);
        hash.AppendData(buffer.Span[..count]);
        ReadBytes += count;
        if (isVerified || buffer.Length == 0 || (count > 0 && !(ReadBytes >= expectedBytes)))
        {
            return count;
        }

        var isLonger = ReadBytes > expectedBytes || (count > 0 && await inner.ReadAsync(new byte[1], cancellationToken) > 0);
        failure = Compare(isLonger);
        isVerified = failure is null;
        return isVerified ? count : throw failure!;
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

    private NesteggException? Compare(bool isLonger)
    {
        Debug.Assert(!isVerified, "Taking the hash begins another one, which fits nothing.");
        Span<byte> result = stackalloc byte[ObjectHash.SizeBytes];
        hash.GetHashAndReset(result);
        var found = new ObjectHash(result);
        return isLonger ? Damage.Of($"{name} is longer than the {expectedBytes} bytes that it should have")
            : expectedBytes is { } length && ReadBytes != length ? Damage.Of($"{name} has {ReadBytes} bytes and should have {length}")
            : found != expected ? Damage.Of($"{name} hashes to {found} and should hash to {expected}")
            : null;
    }
}

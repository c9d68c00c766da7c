using System.Diagnostics;
using System.Security.Cryptography;

namespace Nestegg.Repositories.Files;

/// <summary>Hashes and counts what is written through it. The stream below stays open.</summary>
internal sealed class HashingStream(Stream inner) : WriteOnlyStream
{
    private readonly IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private bool isFinished;

    public long WrittenBytes { get; private set; }

    public ObjectHash Finish()
    {
        Debug.Assert(!isFinished, "Taking the hash begins another one.");
        isFinished = true;
        Span<byte> result = stackalloc byte[ObjectHash.SizeBytes];
        hash.GetHashAndReset(result);
        return new ObjectHash(result);
    }

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        Debug.Assert(!isFinished, "What is written after the hash was taken is in no hash.");
        hash.AppendData(buffer.Span);
        WrittenBytes += buffer.Length;
        await inner.WriteAsync(buffer, cancellationToken);
    }

    public override Task FlushAsync(CancellationToken cancellationToken) => inner.FlushAsync(cancellationToken);

    protected override void Dispose(bool disposing)
    {
        hash.Dispose();
        base.Dispose(disposing);
    }
}

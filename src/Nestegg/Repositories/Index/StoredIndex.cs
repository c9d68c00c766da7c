using System.Buffers;
using System.Diagnostics;
using Nestegg.Repositories.Files;
using Nestegg.Stores;

namespace Nestegg.Repositories.Index;

/// <summary>
/// An index file as it is stored: whole in memory, and compared with a hash before anything of it is read. Disposing it gives the memory
/// back.
/// </summary>
internal sealed class StoredIndex : IDisposable
{
    /// <summary>No index file is longer: our own have 50,000 rows and a few, which take some 3 MB.</summary>
    public const int LimitBytes = 64 * 1024 * 1024;

    private const int FirstRoomBytes = 4 * 1024 * 1024;

    private readonly byte[] buffer;
    private readonly int length;

    private StoredIndex(string name, string numbered, ObjectHash hash, byte[] buffer, int length) =>
        (Name, Numbered, Hash, this.buffer, this.length) = (name, numbered, hash, buffer, length);

    /// <summary>Without the folder.</summary>
    public string Name { get; }

    /// <summary>The run and the number of the file in it.</summary>
    public string Numbered { get; }

    public long SizeBytes => length;

    public ObjectHash Hash { get; }

    /// <summary>The part that is compressed rows.</summary>
    public ReadOnlyMemory<byte> Rows => buffer.AsMemory(0, RowBytes);

    /// <summary>What follows them: <see cref="IndexSigner"/> says whether it is a signature that fits.</summary>
    public ReadOnlySpan<byte> Signature => buffer.AsSpan(RowBytes, length - RowBytes);

    private int RowBytes => Math.Max(0, length - SignatureFrame.SizeBytes);

    /// <summary>The rows as a stream, which must not be read after the file is disposed.</summary>
    public Stream OpenRows() => new MemoryStream(buffer, 0, RowBytes, writable: false);

    /// <param name="name">Without the folder.</param>
    /// <exception cref="NesteggException">
    /// <see cref="FailureKind.Damaged"/> when it is not there, this is no index file's name, or the file is not what its name says.
    /// </exception>
    public static async Task<StoredIndex> ReadAsync(IStore store, string name, CancellationToken cancellationToken)
    {
        if (!IndexName.TryParse(name, out _, out _))
        {
            throw NoName(name);
        }

        await using var stored = await store.OpenAsync(RepositoryKeys.IndexFile(name), cancellationToken);
        return await ReadAsync(stored, name, cancellationToken);
    }

    /// <inheritdoc cref="ReadAsync(IStore, string, CancellationToken)"/>
    /// <param name="stored">Stays the caller's.</param>
    public static async Task<StoredIndex> ReadAsync(Stream stored, string name, CancellationToken cancellationToken)
    {
        var key = RepositoryKeys.IndexFile(name);
        if (!IndexName.TryParse(name, out var numbered, out var hash))
        {
            throw NoName(name);
        }

        var (buffer, length) = await ReadWholeAsync(stored, key, cancellationToken);
        var found = ObjectHash.Of(buffer.AsSpan(0, length));
        if (found == hash)
        {
            return new StoredIndex(name, numbered, hash, buffer, length);
        }

        ArrayPool<byte>.Shared.Return(buffer);
        throw Damage.Of($"{key} hashes to {found} and should hash to {hash}");
    }

    public static NesteggException TooLong(string key) =>
        Damage.Of($"{key} is longer than {LimitBytes:N0} bytes, as no index file is");

    public void Dispose() => ArrayPool<byte>.Shared.Return(buffer);

    private static async Task<(byte[] Buffer, int Length)> ReadWholeAsync(Stream stored, string key, CancellationToken cancellationToken)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(FirstRoomBytes);
        var (length, isWhole) = (0, false);
        try
        {
            int count;
            while ((count = await stored.ReadAsync(buffer.AsMemory(length), cancellationToken)) > 0)
            {
                length += count;
                if (length > LimitBytes)
                {
                    throw TooLong(key);
                }

                if (length == buffer.Length)
                {
                    var larger = ArrayPool<byte>.Shared.Rent(2 * length);
                    buffer.CopyTo(larger, 0);
                    ArrayPool<byte>.Shared.Return(buffer);
                    buffer = larger;
                }
            }

            Debug.Assert(length < buffer.Length, "Only a read into some room shows the end.");
            isWhole = true;
            return (buffer, length);
        }
        finally
        {
            if (!isWhole)
            {
                ArrayPool<byte>.Shared.Return(buffer);
            }
        }
    }

    private static NesteggException NoName(string name) => Damage.Of($"{RepositoryKeys.IndexFile(name)} is no index file's name");
}

using Nestegg.Repositories;
using Nestegg.Snapshots;

namespace Nestegg.Proof;

/// <summary>A snapshot's objects for a reader that authenticates them itself. Used by several tasks at once.</summary>
internal sealed class ProofObjects(Repository repository, OpenedSnapshot snapshot)
{
    private readonly PackReadAhead _packs = new(repository);

    public IndexRow? Find(string key) => snapshot.Find(key);

    /// <summary>
    /// Opens an object without hashing it: the stream's authenticators say more, and the time goes into them. An object that is a file of its own is
    /// read to its end, so that bytes that were appended to it are seen.
    /// </summary>
    /// <exception cref="NesteggException"><see cref="FailureKind.Damaged"/> when the repository lacks it.</exception>
    public async Task<Stream> OpenAsync(IndexRow row, CancellationToken cancellationToken)
    {
        if (row.Pack is not null)
        {
            return await _packs.OpenAsync(row, cancellationToken);
        }

        return await repository.Store.TryOpenAsync(row.StoredAs, 0, null, cancellationToken) ?? throw Damage.Missing(row.StoredAs, repository.Store.Location);
    }

    /// <summary>Reads a small object whole.</summary>
    /// <returns>Null when it is longer than <paramref name="maxBytes"/>.</returns>
    public async Task<byte[]?> ReadAsync(IndexRow row, int maxBytes, CancellationToken cancellationToken)
    {
        if (row.SizeBytes > maxBytes)
        {
            return null;
        }

        await using var stream = await OpenAsync(row, cancellationToken);
        var content = new byte[row.SizeBytes + 1];
        var length = await stream.ReadAtLeastAsync(content, content.Length, throwOnEndOfStream: false, cancellationToken);
        return content[..length];
    }

    /// <summary>After an object did not open: is the repository's copy still what the backup read, or has it changed since?</summary>
    public async Task<string> WhoIsAtFaultAsync(IndexRow row, CancellationToken cancellationToken)
    {
        try
        {
            await using var stored = new VerifyingStream(await OpenAsync(row, cancellationToken), row.StoredAs, row.SizeBytes, row.Hash);
            await stored.DrainAsync(cancellationToken);
            return "the copy is byte for byte what the backup read, so the damage is older than the copy";
        }
        catch (NesteggException failure) when (failure.Kind == FailureKind.Damaged)
        {
            return "the copy is no longer what the backup read";
        }
    }
}

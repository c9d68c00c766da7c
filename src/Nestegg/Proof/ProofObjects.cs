using Nestegg.Repositories;
using Nestegg.Repositories.Files;
using Nestegg.Repositories.Index;
using Nestegg.Repositories.Packs;
using Nestegg.Snapshots;

namespace Nestegg.Proof;

/// <summary>A snapshot's objects for a reader that authenticates them itself. Used by several tasks at once.</summary>
internal sealed class ProofObjects(OpenedSnapshot snapshot)
{
    private readonly ObjectReadAhead stored = snapshot.Repository.ReadAhead();

    public IndexRow? Find(string key) => snapshot.Find(key);

    /// <inheritdoc cref="ObjectReadAhead.OpenAsync"/>
    public Task<Stream> OpenAsync(IndexRow row, CancellationToken cancellationToken) => stored.OpenAsync(row, cancellationToken);

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
        catch (NesteggException failure) when (failure.SparesOthers)
        {
            return "the copy is no longer what the backup read";
        }
    }
}

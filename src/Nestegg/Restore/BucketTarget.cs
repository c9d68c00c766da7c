using System.Buffers;
using System.Security.Cryptography;
using Nestegg.Ente.Database;
using Nestegg.Ente.Objects;
using Nestegg.Instance;
using Nestegg.Repositories.Index;
using Npgsql;

namespace Nestegg.Restore;

/// <summary>The buckets of a restored instance: each object goes into the slots that its row names.</summary>
internal sealed class BucketTarget(
    InstanceBuckets buckets, NpgsqlDataSource database, EnteCatalog catalog, BucketContents contents, IReadOnlySet<string> overwrite)
        : IObjectTarget
{
    public async Task<IReadOnlyDictionary<string, SlotNames>> PlacesOfAsync(
        IReadOnlyList<IndexRow> rows, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        return await RowSlots.FindAsync(connection, catalog, [.. rows.Select(row => row.Key)], cancellationToken);
    }

    public async Task<PutResult> PutAsync(
        IndexRow row, SlotNames place, Func<CancellationToken, Task<Stream>> open, CancellationToken cancellationToken)
    {
        var written = 0;
        foreach (var slot in SlotsOf(row, place))
        {
            if (buckets.Find(slot) is not { } bucket)
            {
                return new PutResult(written, Failed(row, $"its row names {slot}, which has no bucket that can be used"));
            }

            var found = contents.Find(slot, row.Key);
            if (found is { } present)
            {
                if (await IsSameAsync(row, present, open, cancellationToken))
                {
                    continue;
                }

                if (!overwrite.Contains(bucket.Bucket))
                {
                    return new PutResult(
                        written,
                        Failed(
                            row,
                            $"the bucket {bucket.Bucket} has another content under that key; --overwrite-bucket "
                            + $"{bucket.Bucket} replaces it"));
                }
            }

            await using var content = await open(cancellationToken);
            await bucket.PutAsync(row.Key, content, row.SizeBytes, cancellationToken);
            written++;
        }

        return new PutResult(written, null);
    }

    // A key that no row names was kept for a row that has gone since; it goes where museum would look.
    private SlotNames SlotsOf(IndexRow row, SlotNames place)
    {
        if (place.Count > 0)
        {
            return place;
        }

        return SlotNames.Parse(buckets.Slots.StorageFor(ObjectKey.TryParse(row.Key, out var key) ? key.Kind : ObjectKind.File).Name);
    }

    private static async Task<bool> IsSameAsync(
        IndexRow row, (long SizeBytes, string ETag) present, Func<CancellationToken, Task<Stream>> open,
        CancellationToken cancellationToken)
    {
        if (present.SizeBytes != row.SizeBytes)
        {
            return false;
        }

        // The ETag of an upload in parts is the MD5 of nothing that could be compared. Such objects appear whole or not at all, so their
        // length has to do.
        if (present.ETag.Length != 32 || !present.ETag.All(char.IsAsciiHexDigit))
        {
            return true;
        }

        using var md5 = IncrementalHash.CreateHash(HashAlgorithmName.MD5);
        var buffer = ArrayPool<byte>.Shared.Rent(128 * 1024);
        try
        {
            await using var content = await open(cancellationToken);
            int count;
            while ((count = await content.ReadAsync(buffer, cancellationToken)) > 0)
            {
                md5.AppendData(buffer, 0, count);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        return Convert.ToHexString(md5.GetHashAndReset()).Equals(present.ETag, StringComparison.OrdinalIgnoreCase);
    }

    private static Finding Failed(IndexRow row, string why) =>
        new("object-not-restored", Severity.Error, row.Key, $"{row.Key} was not restored: {why}.", "After mending it, run the same "
            + "command again: what is there already is not sent again.");
}

namespace Nestegg.Ente.Database;

/// <summary>The data of one entry: blocks of a length and bytes, up to a length of 0, as one stream of bytes.</summary>
internal sealed class ArchiveBlockStream(ArchiveSource source) : ReadOnlyStream
{
    private int leftInBlock;
    private bool ended;

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var count = 0;
        while (count < buffer.Length && !ended)
        {
            // An uncompressed archive has a block for each row: many are gathered, but none is waited for once there is something.
            if (count > 0 && source.Buffered <= sizeof(int))
            {
                break;
            }

            if (leftInBlock == 0)
            {
                await NextBlockAsync(cancellationToken);
                continue;
            }

            var room = Math.Min(leftInBlock, buffer.Length - count);
            var read = await source.ReadAsync(buffer.Slice(count, room), cancellationToken);
            leftInBlock -= read;
            count += read;
        }

        return count;
    }

    /// <summary>Passes over all that is left, up to and with the end mark.</summary>
    /// <returns>How many bytes of data were left.</returns>
    public async ValueTask<long> SkipToEndAsync(CancellationToken cancellationToken)
    {
        long skipped = 0;
        while (!ended)
        {
            skipped += leftInBlock;
            await source.SkipAsync(leftInBlock, cancellationToken);
            await NextBlockAsync(cancellationToken);
        }

        return skipped;
    }

    private async ValueTask NextBlockAsync(CancellationToken cancellationToken)
    {
        leftInBlock = await source.IntAsync(cancellationToken);
        if (leftInBlock < 0)
        {
            throw source.Damaged($"a block has a length of {leftInBlock}");
        }

        ended = leftInBlock == 0;
    }
}

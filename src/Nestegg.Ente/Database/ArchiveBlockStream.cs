namespace Nestegg.Ente.Database;

/// <summary>The data of one entry: blocks of a length and bytes, up to a length of 0, as one stream of bytes.</summary>
internal sealed class ArchiveBlockStream(ArchiveSource source) : ReadOnlyStream
{
    private int _leftInBlock;
    private bool _ended;

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var count = 0;
        while (count < buffer.Length && !_ended)
        {
            // An uncompressed archive has a block for each row: many are gathered, but none is waited for once there is something.
            if (count > 0 && source.Buffered <= sizeof(int))
            {
                break;
            }

            if (_leftInBlock == 0)
            {
                await NextBlockAsync(cancellationToken);
                continue;
            }

            var room = Math.Min(_leftInBlock, buffer.Length - count);
            var read = await source.ReadAsync(buffer.Slice(count, room), cancellationToken);
            _leftInBlock -= read;
            count += read;
        }

        return count;
    }

    /// <summary>Passes over all that is left, up to and with the end mark.</summary>
    /// <returns>How many bytes of data were left.</returns>
    public async ValueTask<long> SkipToEndAsync(CancellationToken cancellationToken)
    {
        long skipped = 0;
        while (!_ended)
        {
            skipped += _leftInBlock;
            await source.SkipAsync(_leftInBlock, cancellationToken);
            await NextBlockAsync(cancellationToken);
        }

        return skipped;
    }

    private async ValueTask NextBlockAsync(CancellationToken cancellationToken)
    {
        _leftInBlock = await source.IntAsync(cancellationToken);
        if (_leftInBlock < 0)
        {
            throw source.Damaged($"a block has a length of {_leftInBlock}");
        }

        _ended = _leftInBlock == 0;
    }
}

using System.Buffers.Binary;
using System.Text;

namespace Nestegg.Ente.Database;

/// <summary>The bytes of an archive, read forward through one buffer, and the archive's own numbers and strings.</summary>
internal sealed class ArchiveSource(Stream stream)
{
    public const string DamageHint = "The archive is cut or damaged. Use another snapshot, or make the dump again.";

    private const int BufferBytes = 128 * 1024;

    // pg_dump writes a sign byte and then the four bytes of a C int, the lowest first.
    public const int IntBytes = 5;

    private readonly byte[] buffer = new byte[BufferBytes];
    private int start;
    private int end;

    /// <summary>How many bytes of the archive have been taken.</summary>
    public long Position { get; private set; }

    /// <summary>What is being read, for the message when it ends too early.</summary>
    public string Place { get; set; } = "its head";

    /// <summary>Gets whatever is taken, for as long as it is set.</summary>
    public MemoryStream? Taken { get; set; }

    /// <summary>How many bytes can be taken without waiting.</summary>
    public int Buffered => end - start;

    public EnteException Damaged(string what) =>
        new($"The database archive is damaged at byte {Position}, in {Place}: {what}.", DamageHint);

    /// <summary>Whether not a single byte is left.</summary>
    public async ValueTask<bool> IsAtEndAsync(CancellationToken cancellationToken) => Buffered == 0 && !await FillAsync(cancellationToken);

    public ValueTask<byte> ByteAsync(CancellationToken cancellationToken)
    {
        return Buffered > 0 ? new ValueTask<byte>(Take(1)[0]) : SlowAsync();

        async ValueTask<byte> SlowAsync()
        {
            await NeedAsync(1, cancellationToken);
            return Take(1)[0];
        }
    }

    public ValueTask<int> IntAsync(CancellationToken cancellationToken)
    {
        return Buffered >= IntBytes ? new ValueTask<int>(Int(Take(IntBytes))) : SlowAsync();

        async ValueTask<int> SlowAsync()
        {
            await NeedAsync(IntBytes, cancellationToken);
            return Int(Take(IntBytes));
        }
    }

    /// <summary>A string of at most <paramref name="limitBytes"/>; null where pg_dump wrote none.</summary>
    public async ValueTask<string?> StringAsync(int limitBytes, CancellationToken cancellationToken)
    {
        var lengthBytes = await IntAsync(cancellationToken);
        if (lengthBytes is < -1 || lengthBytes > limitBytes)
        {
            throw Damaged($"a text has a length of {lengthBytes}, the limit is {limitBytes}");
        }

        if (lengthBytes <= 0)
        {
            return lengthBytes < 0 ? null : "";
        }

        if (lengthBytes <= BufferBytes)
        {
            await NeedAsync(lengthBytes, cancellationToken);
            return Encoding.UTF8.GetString(Take(lengthBytes));
        }

        // The array grows with what arrives and not with what the length promises.
        var text = new MemoryStream();
        while (text.Length < lengthBytes)
        {
            await NeedAsync(1, cancellationToken);
            text.Write(Take(Math.Min(Buffered, lengthBytes - (int)text.Length)));
        }

        return Encoding.UTF8.GetString(text.GetBuffer(), 0, lengthBytes);
    }

    /// <summary>Takes between 1 and <c>target.Length</c> bytes; an end here is damage.</summary>
    public async ValueTask<int> ReadAsync(Memory<byte> target, CancellationToken cancellationToken)
    {
        await NeedAsync(1, cancellationToken);
        var count = Math.Min(Buffered, target.Length);
        Take(count).CopyTo(target.Span);
        return count;
    }

    public async ValueTask SkipAsync(long count, CancellationToken cancellationToken)
    {
        while (count > 0)
        {
            await NeedAsync(1, cancellationToken);
            count -= Take((int)Math.Min(Buffered, count)).Length;
        }
    }

    private static int Int(ReadOnlySpan<byte> bytes)
    {
        // The magnitude of int.MinValue wraps round to itself, so no value overflows.
        var magnitude = BinaryPrimitives.ReadInt32LittleEndian(bytes[1..]);
        return bytes[0] == 0 ? magnitude : unchecked(-magnitude);
    }

    private ReadOnlySpan<byte> Take(int count)
    {
        var taken = buffer.AsSpan(start, count);
        start += count;
        Position += count;
        Taken?.Write(taken);
        return taken;
    }

    private async ValueTask NeedAsync(int count, CancellationToken cancellationToken)
    {
        while (Buffered < count)
        {
            if (!await FillAsync(cancellationToken))
            {
                throw new EnteException($"The database archive ends too early: after {Position + Buffered} bytes, in {Place}.", DamageHint);
            }
        }
    }

    private async ValueTask<bool> FillAsync(CancellationToken cancellationToken)
    {
        if (start > 0)
        {
            buffer.AsSpan(start, Buffered).CopyTo(buffer);
            end -= start;
            start = 0;
        }

        var read = await stream.ReadAsync(buffer.AsMemory(end), cancellationToken);
        end += read;
        return read > 0;
    }
}

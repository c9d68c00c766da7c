using System.Diagnostics;
using Microsoft.Win32.SafeHandles;
using Nestegg.Ente;

namespace Nestegg.Stores.Local;

/// <summary>A range of a file, read from front to back.</summary>
internal sealed class LocalReader : ReadOnlyStream
{
    private readonly SafeFileHandle handle;
    private readonly string path;
    private readonly string root;
    private readonly long end;
    private long position;

    public LocalReader(SafeFileHandle handle, string path, string root, long offset, long? length)
    {
        this.handle = handle;
        this.path = path;
        this.root = root;
        position = offset;

        // Its length as it is now: a device, which has none, would be read for ever.
        var fileEnd = RandomAccess.GetLength(handle);
        end = length is { } bytes && bytes < fileEnd - offset ? offset + bytes : fileEnd;
        Debug.Assert(offset >= 0 && end >= 0, "A range is counted from the beginning of the file.");
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        try
        {
            return Advance(await RandomAccess.ReadAsync(handle, buffer[..Wanted(buffer.Length)], position, cancellationToken));
        }
        catch (Exception failure) when (LocalFailure.IsOfFileSystem(failure))
        {
            throw LocalFailure.Explain("read", path, root, failure);
        }
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            handle.Dispose();
        }

        base.Dispose(disposing);
    }

    private int Wanted(int room) => (int)Math.Min(room, Math.Max(0, end - position));

    private int Advance(int count)
    {
        position += count;
        Debug.Assert(count == 0 || position <= end, "No more is read than the range has.");
        return count;
    }
}

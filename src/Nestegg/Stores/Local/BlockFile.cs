using System.Diagnostics;

namespace Nestegg.Stores.Local;

/// <summary>
/// A new file that is written a block at a time, around the page cache when it is large and the file system can. What goes wrong is thrown
/// as .NET throws it. Not for several tasks at once.
/// </summary>
internal sealed class BlockFile : IDisposable
{
    private readonly FileStream file;
    private readonly WriteBlock block = WriteBlock.Rent();
    private int filled;
    private long written;
    private bool isDirect;
    private bool disposed;

    /// <param name="path">For its owner only, unless it is there already.</param>
    /// <param name="expectedBytes">The length if it is known, else a guess.</param>
    public BlockFile(string path, FileMode mode, long expectedBytes)
    {
        var options =
            new FileStreamOptions { Mode = mode, Access = FileAccess.Write, Share = FileShare.Read | FileShare.Delete, BufferSize = 0 };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        file = new FileStream(path, options);
        isDirect = expectedBytes >= WriteBlock.SizeBytes && DirectWriting.TryTurnOn(file.SafeFileHandle);
    }

    /// <summary>Whether <see cref="MakeRoom"/> would have to wait for the disk.</summary>
    public bool IsFull => filled == WriteBlock.SizeBytes;

    /// <summary>Where the next bytes go; never empty. <see cref="Advance"/> says how many of them were filled.</summary>
    public Memory<byte> MakeRoom()
    {
        // The block may be another file's by then.
        ObjectDisposedException.ThrowIf(disposed, this);
        if (IsFull)
        {
            WriteOut();
        }

        return block.Memory[filled..];
    }

    public void Advance(int count)
    {
        Debug.Assert(!disposed, "The block may be another file's by then.");
        Debug.Assert(count >= 0 && count <= WriteBlock.SizeBytes - filled, "What was filled lies within the room that was given.");
        filled += count;
    }

    /// <summary>Writes what is left. The file has its length now, but need not be on the disk.</summary>
    public void Finish()
    {
        if (filled > 0)
        {
            WriteOut();
        }

        if (isDirect && written % WriteBlock.AlignmentBytes != 0)
        {
            RandomAccess.SetLength(file.SafeFileHandle, written);
        }
    }

    public void FlushToDisk() => RandomAccess.FlushToDisk(file.SafeFileHandle);

    public void Dispose()
    {
        if (disposed)
        {
            return;
        }

        disposed = true;
        block.Return();
        file.Dispose();
    }

    private void WriteOut()
    {
        Debug.Assert(!disposed, "The block may be another file's by then.");
        Debug.Assert(!isDirect || written % WriteBlock.AlignmentBytes == 0, "Around the cache only the last write may be short.");
        var length = filled;
        if (isDirect)
        {
            // Only whole units go around the cache; what a file's last one has too much is cut off again.
            length = (filled + WriteBlock.AlignmentBytes - 1) / WriteBlock.AlignmentBytes * WriteBlock.AlignmentBytes;
            Debug.Assert(length <= WriteBlock.SizeBytes, "A block is made of whole units.");
            block.GetSpan()[filled..length].Clear();
        }

        try
        {
            RandomAccess.Write(file.SafeFileHandle, block.GetSpan()[..length], written);
        }
        catch (IOException failure) when (isDirect && DirectWriting.IsRefusal(failure))
        {
            DirectWriting.TurnOff(file.SafeFileHandle);
            isDirect = false;
            RandomAccess.Write(file.SafeFileHandle, block.GetSpan()[..filled], written);
        }

        written += filled;
        filled = 0;
    }
}

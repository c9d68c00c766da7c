using System.Diagnostics;
using System.Text;
using Nestegg.Ente.Objects;
using Nestegg.Ente.Scratch;

namespace Nestegg.Backup;

/// <summary>
/// Objects to come back to, each with a reason, in a private temporary file: those that a run has still to fetch, so that the database
/// transaction need not stay open meanwhile, and those that were not found. Memory does not grow with them; about 110 bytes of disk an
/// object. May be added to by many tasks at once.
/// </summary>
internal sealed class ObjectQueue : IDisposable
{
    private const int BufferBytes = 64 * 1024;

    private readonly ScratchFile file;
    private readonly BinaryWriter writer;
    private readonly Lock gate = new();
    private bool isBeingRead;

    private ObjectQueue(ScratchFile file) => (this.file, writer) = (file, new BinaryWriter(file, Encoding.UTF8));

    public long Count { get; private set; }

    /// <summary>The lengths that the database states, added up; what it does not state counts as nothing.</summary>
    public long TotalBytes { get; private set; }

    public static ObjectQueue Create() => new(ScratchFile.Create(BufferBytes));

    public void Add(in NamedObject item, string reason = "")
    {
        lock (gate)
        {
            Debug.Assert(!isBeingRead, "Reading and adding share one position in the file.");
            Write(item, reason);
            Count++;
            TotalBytes += item.CountedBytes;
        }
    }

    /// <summary>Reads what was added, in that order. Nothing may be added while it is read.</summary>
    public IEnumerable<QueuedObject> Read()
    {
        Debug.Assert(!isBeingRead, "Two readers would share one position in the file.");
        isBeingRead = true;
        writer.Flush();
        file.Position = 0;
        using var reader = new BinaryReader(file, Encoding.UTF8, leaveOpen: true);
        for (var i = 0L; i < Count; i++)
        {
            var item = new NamedObject(
                reader.ReadString(), (ObjectKind)reader.ReadByte(), ReadNumber(reader), ReadNumber(reader),
                SlotNames.Parse(reader.ReadString()), reader.ReadBoolean(), ReadNumber(reader), ReadNumber(reader));
            yield return new QueuedObject(item, reader.ReadString());
        }

        isBeingRead = false;
    }

    public void Dispose() => file.Dispose();

    private void Write(in NamedObject item, string reason)
    {
        Debug.Assert(gate.IsHeldByCurrentThread, "The caller has the gate: an entry is many writes.");

        writer.Write(item.Key);
        writer.Write((byte)item.Kind);
        WriteNumber(item.SizeBytes);
        WriteNumber(item.Version);
        writer.Write(item.Slots.ToString());
        writer.Write(item.IsDeleted);
        WriteNumber(item.OwnerId);
        WriteNumber(item.FileId);
        writer.Write(reason);
    }

    private void WriteNumber(long? number)
    {
        writer.Write(number is not null);
        writer.Write(number ?? 0);
    }

    private static long? ReadNumber(BinaryReader reader)
    {
        var isKnown = reader.ReadBoolean();
        var number = reader.ReadInt64();
        return isKnown ? number : null;
    }
}

/// <param name="Reason">Why it is in the queue; empty for one that has just not been fetched yet.</param>
internal readonly record struct QueuedObject(NamedObject Object, string Reason);

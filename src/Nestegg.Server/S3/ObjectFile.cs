using System.Buffers.Binary;
using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.Win32.SafeHandles;

namespace Nestegg.Server.S3;

/// <summary>What a store keeps about an object besides its bytes.</summary>
/// <param name="ETag">Without quotes: the MD5 in hexadecimal, or for a multipart upload the MD5 of the parts' MD5s and <c>-n</c>.</param>
/// <param name="Headers">Lower-case names: <c>content-type</c>, <c>cache-control</c>, <c>x-amz-meta-…</c> and their like.</param>
internal sealed record ObjectTags(string ETag, IReadOnlyDictionary<string, string> Headers);

/// <summary>
/// An object on disk, open for reading: its bytes, then its tags as JSON, then the JSON's length (4 bytes, little-endian)
/// and the 8 bytes <c>nestegg1</c>. One file, so that one rename replaces bytes and tags together.
/// </summary>
internal sealed class ObjectFile : IDisposable
{
    private const int TrailerBytes = 12;

    private readonly SafeFileHandle handle;

    private ObjectFile(SafeFileHandle handle, long length, ObjectTags tags, DateTimeOffset modifiedAt)
    {
        this.handle = handle;
        Length = length;
        Tags = tags;
        ModifiedAt = modifiedAt;
    }

    private static ReadOnlySpan<byte> Magic => "nestegg1"u8;

    /// <summary>Of the object, in bytes.</summary>
    public long Length { get; }

    public ObjectTags Tags { get; }

    public DateTimeOffset ModifiedAt { get; }

    /// <summary>Opens an object; <see langword="null"/> when there is none.</summary>
    public static ObjectFile? TryOpen(string path)
    {
        SafeFileHandle handle;
        try
        {
            handle = File.OpenHandle(path, share: FileShare.ReadWrite | FileShare.Delete);
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }

        try
        {
            var (length, tags) = ReadTags(handle, path);
            return new ObjectFile(handle, length, tags, File.GetLastWriteTimeUtc(handle));
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }

    /// <summary>What follows an object's bytes in its file.</summary>
    public static byte[] Footer(ObjectTags tags)
    {
        var json = JsonSerializer.SerializeToUtf8Bytes(tags, ObjectTagsJson.Default.ObjectTags);
        var footer = new byte[json.Length + TrailerBytes];
        json.CopyTo(footer, 0);
        BinaryPrimitives.WriteInt32LittleEndian(footer.AsSpan(json.Length), json.Length);
        Magic.CopyTo(footer.AsSpan(json.Length + 4));
        return footer;
    }

    /// <summary>Copies a range of the object; the caller has checked that it lies within <see cref="Length"/>.</summary>
    public async Task CopyToAsync(Stream destination, long offset, long length, CancellationToken cancellationToken)
    {
        Debug.Assert(offset >= 0 && length >= 0, "The caller has looked whether the range lies within the object.");
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset + length, Length);
        using var owner = System.Buffers.MemoryPool<byte>.Shared.Rent((int)Math.Clamp(length, 1, 128 * 1024));
        while (length > 0)
        {
            var buffer = owner.Memory[..(int)Math.Min(owner.Memory.Length, length)];
            var read = await RandomAccess.ReadAsync(handle, buffer, offset, cancellationToken);
            if (read == 0)
            {
                throw new IOException("An object's file became shorter while it was being read.");
            }

            await destination.WriteAsync(buffer[..read], cancellationToken);
            offset += read;
            length -= read;
        }
    }

    public void Dispose() => handle.Dispose();

    private static (long Length, ObjectTags Tags) ReadTags(SafeFileHandle handle, string path)
    {
        var fileLength = RandomAccess.GetLength(handle);
        Span<byte> tail = stackalloc byte[512];
        tail = tail[..(int)Math.Min(tail.Length, fileLength)];
        ReadFully(handle, tail, fileLength - tail.Length);
        if (tail.Length < TrailerBytes || !tail[^8..].SequenceEqual(Magic))
        {
            throw new IOException(
                $"{path} is not an object of this store: it does not end in '{System.Text.Encoding.ASCII.GetString(Magic)}'.");
        }

        var jsonLength = BinaryPrimitives.ReadInt32LittleEndian(tail[^12..]);
        var length = fileLength - TrailerBytes - jsonLength;
        if (jsonLength < 0 || length < 0)
        {
            throw new IOException($"{path} is damaged: its tags would be {jsonLength} bytes long.");
        }

        var json = new byte[jsonLength];
        if (jsonLength + TrailerBytes <= tail.Length)
        {
            tail[^(jsonLength + TrailerBytes)..^TrailerBytes].CopyTo(json);
        }
        else
        {
            ReadFully(handle, json, length);
        }

        return (length, JsonSerializer.Deserialize(json, ObjectTagsJson.Default.ObjectTags)
            ?? throw new IOException($"{path} is damaged: it has no tags."));
    }

    private static void ReadFully(SafeFileHandle handle, Span<byte> buffer, long offset)
    {
        Debug.Assert(offset >= 0, "What is read lies in the file.");
        while (buffer.Length > 0)
        {
            var read = RandomAccess.Read(handle, buffer, offset);
            if (read == 0)
            {
                throw new IOException("An object's file became shorter while it was being read.");
            }

            buffer = buffer[read..];
            offset += read;
        }
    }
}

[JsonSerializable(typeof(ObjectTags))]
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
internal sealed partial class ObjectTagsJson : JsonSerializerContext;

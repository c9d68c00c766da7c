using System.Security.Cryptography;
using System.Text.Json.Nodes;

namespace Nestegg.TestKit.Sample;

/// <summary>
/// Writes what the apps derive from files, as museum stores it: ML data, streamable previews of videos, previews of pictures.
/// </summary>
internal sealed class SampleDerived(SampleStorage storage, SampleRandom random, SampleSeal seal, SampleClock clock)
{
    private const int PacketBytes = 188;

    /// <summary>Writes ML data for a file, or writes it again in place, where it was.</summary>
    /// <param name="slot">Where museum keeps derived data at that time.</param>
    public async Task PutMlDataAsync(
        SampleFile file, int faces, CancellationToken cancellationToken, string slot = SampleStorage.DerivedSlot)
    {
        var json = new JsonObject
        {
            ["face"] = new JsonObject
            {
                ["version"] = 1, ["client"] = "sample", ["width"] = 640, ["height"] = 480,
                ["faces"] = Floats(16 * faces)
            },
            ["clip"] = new JsonObject { ["version"] = 1, ["client"] = "sample", ["embedding"] = Floats(64) },
        };
        var content = seal.DerivedObject(json, file.Key);
        var key = $"{file.Owner.UserId}/file-data/{file.Id}/mldata";
        if (storage.Objects.TryGetValue(key, out var earlier))
        {
            slot = earlier.Slot;
        }

        await PutAsync(file, key, content, slot, cancellationToken);
        await storage.ExecuteAsync("""
            INSERT INTO file_data (file_id, user_id, data_type, size, latest_bucket, created_at, updated_at)
            VALUES ($1, $2, 'mldata', $3, $4, $5, $5)
            ON CONFLICT (file_id, data_type) DO UPDATE SET size = excluded.size, updated_at = excluded.updated_at
            """, cancellationToken, file.Id, file.Owner.UserId, (long)content.Length, slot, clock.NextMicroseconds());
    }

    /// <summary>A streamable preview of a video: the media bytes, and the playlist with the key to them.</summary>
    public async Task PutVideoPreviewAsync(SampleFile file, CancellationToken cancellationToken)
    {
        var objectId = random.Id("pv");
        var mediaKey = random.Bytes(16);
        var media = TransportStream(packets: 1600, mediaKey);
        var playlist = seal.DerivedObject(new JsonObject
        {
            ["type"] = "hls_video", ["width"] = 640, ["height"] = 360, ["size"] = media.Length,
            ["playlist"] = $"""
                #EXTM3U
                #EXT-X-VERSION:4
                #EXT-X-KEY:METHOD=AES-128,URI="data:text/plain;base64,{Convert.ToBase64String(mediaKey)}",IV=0x{new string('0', 32)}
                #EXTINF:4,
                #EXT-X-BYTERANGE:{media.Length}@0
                output.ts
                #EXT-X-ENDLIST

                """,
        }, file.Key);
        var key = $"{file.Owner.UserId}/file-data/{file.Id}/vid_preview/{objectId}";
        await PutAsync(file, key, media, SampleStorage.DerivedSlot, cancellationToken);
        await PutAsync(file, key + "_playlist", playlist, SampleStorage.DerivedSlot, cancellationToken);
        await storage.InsertAsync("file_data", cancellationToken,
            ("file_id", file.Id), ("user_id", file.Owner.UserId), ("data_type", "vid_preview"),
            ("size", (long)media.Length + playlist.Length),
            ("latest_bucket", SampleStorage.DerivedSlot), ("obj_id", objectId), ("obj_size", (long)media.Length));
    }

    /// <summary>A smaller picture, as one message whose header is in the row.</summary>
    public async Task PutImagePreviewAsync(SampleFile file, CancellationToken cancellationToken)
    {
        var objectId = random.Id("pi");
        var (content, header) = seal.Stream(JpegPicture.Encode(160, 120, random), file.Key);
        await PutAsync(file, $"{file.Owner.UserId}/file-data/{file.Id}/img_preview/{objectId}", content, SampleStorage.DerivedSlot,
            cancellationToken);
        await storage.InsertAsync("file_data", cancellationToken,
            ("file_id", file.Id), ("user_id", file.Owner.UserId), ("data_type", "img_preview"), ("size", (long)content.Length),
            ("latest_bucket", SampleStorage.DerivedSlot),
            ("obj_id", objectId), ("obj_nonce", Convert.ToBase64String(header)), ("obj_size", (long)content.Length));
    }

    /// <summary>
    /// What museum's worker does within minutes when a file is deleted for good: the objects go at once, and the row is a tombstone.
    /// </summary>
    public async Task RemoveAsync(SampleFile file, CancellationToken cancellationToken)
    {
        foreach (var key in file.DerivedKeys)
        {
            await storage.DeleteAsync(key, cancellationToken);
        }

        file.DerivedKeys.Clear();
        await storage.ExecuteAsync(
            "UPDATE file_data SET is_deleted = true, pending_sync = false WHERE file_id = $1", cancellationToken, file.Id);
    }

    private Task PutAsync(SampleFile file, string key, byte[] content, string slot, CancellationToken cancellationToken)
    {
        file.DerivedKeys.Add(key);
        return storage.PutAsync(key, content, cancellationToken, slot);
    }

    /// <summary>Packets as MPEG cuts a stream into (188 bytes, the first of them 0x47), encrypted as HLS does.</summary>
    private byte[] TransportStream(int packets, byte[] mediaKey)
    {
        var stream = random.Bytes(packets * PacketBytes);
        for (var i = 0; i < stream.Length; i += PacketBytes)
        {
            stream[i] = 0x47;
        }

        using var aes = Aes.Create();
        aes.Key = mediaKey;
        return aes.EncryptCbc(stream, new byte[16]);
    }

    private JsonArray Floats(int count) => new([.. Enumerable.Range(0, count).Select(_ => (JsonNode)(random.Next(20_000) / 10_000.0 - 1))]);
}

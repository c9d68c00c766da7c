using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Security.Cryptography;
using System.Text.RegularExpressions;
using Nestegg.Ente;
using Nestegg.Ente.Cryptography;

namespace Nestegg.Proof;

/// <summary>
/// The playlist of a streamable video (HLS, RFC 8216): one file in consecutive byte ranges, each AES-128-CBC with padding under one key
/// that stands in the playlist. AES-CBC authenticates nothing, so what is checked is the padding and that every packet of the MPEG
/// transport stream begins as packets do.
/// </summary>
internal sealed partial class VideoPlaylist : IDisposable
{
    private const int PacketBytes = 188;
    private const byte PacketStart = 0x47;
    private const int SegmentsMax = 100_000;

    private readonly byte[] key;
    private readonly byte[] iv;
    private readonly List<long> segments;

    private VideoPlaylist(byte[] key, byte[] iv, List<long> segments) =>
        (this.key, this.iv, this.segments) = (key, iv, segments);

    /// <summary>Where the last range ends.</summary>
    public long EndBytes => segments.Sum();

    public static bool TryParse(string text, [NotNullWhen(true)] out VideoPlaylist? playlist)
    {
        playlist = null;
        var keyLine = KeyLine().Match(text);
        if (!keyLine.Success || !StandardBase64.TryDecode(keyLine.Groups["key"].Value, out var key) || key.Length != 16)
        {
            return false;
        }

        var segments = new List<long>();
        var end = 0L;
        foreach (Match range in Range().Matches(text))
        {
            if (!long.TryParse(range.Groups["length"].Value, NumberStyles.None, CultureInfo.InvariantCulture, out var length)
                || !long.TryParse(range.Groups["offset"].Value, NumberStyles.None, CultureInfo.InvariantCulture, out var offset)
                || offset != end || length <= 0 || segments.Count == SegmentsMax)
            {
                return false;
            }

            segments.Add(length);
            end += length;
        }

        var iv = new byte[16];
        var isRead = keyLine.Groups["iv"].Value is not { Length: > 0 } hex
            || Convert.FromHexString(hex, iv, out _, out _) == System.Buffers.OperationStatus.Done;
        playlist = isRead && segments.Count > 0 ? new VideoPlaylist(key, iv, segments) : null;
        return playlist is not null;
    }

    /// <summary>Decrypts all ranges.</summary>
    /// <returns>What is wrong; null when nothing is.</returns>
    public async Task<string?> CheckAsync(Stream encrypted, CancellationToken cancellationToken)
    {
        using var aes = Aes.Create();
        (aes.Key, aes.IV) = (key, iv);
        var buffer = new byte[PacketBytes * 512];
        for (var i = 0; i < segments.Count; i++)
        {
            using var decryptor = aes.CreateDecryptor();
            await using var segment = new SegmentStream(encrypted, segments[i]);
            await using var plain = new CryptoStream(segment, decryptor, CryptoStreamMode.Read, leaveOpen: true);
            try
            {
                while (await plain.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellationToken) is > 0
                    and var read)
                {
                    if (read % PacketBytes != 0 || !IsTransportStream(buffer.AsSpan(0, read)))
                    {
                        return $"segment {i + 1} does not decrypt to a transport stream";
                    }
                }
            }
            catch (CryptographicException)
            {
                return $"segment {i + 1} does not decrypt: its padding is wrong";
            }
        }

        return await encrypted.ReadAsync(buffer.AsMemory(0, 1), cancellationToken) == 0 ? null : "bytes follow the last segment";
    }

    public void Dispose() => CryptographicOperations.ZeroMemory(key);

    private static bool IsTransportStream(ReadOnlySpan<byte> bytes)
    {
        for (var i = 0; i < bytes.Length; i += PacketBytes)
        {
            if (bytes[i] != PacketStart)
            {
                return false;
            }
        }

        return true;
    }

    [GeneratedRegex("""#EXT-X-KEY:METHOD=AES-128,URI="data:[^",]*;base64,(?<key>[A-Za-z0-9+/=]+)"(?:,IV=0[xX](?<iv>[0-9a-fA-F]{32}))?""")]
    private static partial Regex KeyLine();

    [GeneratedRegex(@"^#EXT-X-BYTERANGE:(?<length>\d{1,18})@(?<offset>\d{1,18})\s*$", RegexOptions.Multiline)]
    private static partial Regex Range();

    /// <summary>The next so many bytes of a stream.</summary>
    private sealed class SegmentStream(Stream inner, long length) : ReadOnlyStream
    {
        private long left = length;

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var read = await inner.ReadAsync(buffer[..(int)Math.Min(buffer.Length, left)], cancellationToken);
            left -= read;
            return read;
        }
    }
}

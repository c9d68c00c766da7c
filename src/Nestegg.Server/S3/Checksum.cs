using System.Buffers.Binary;
using System.IO.Hashing;
using System.Security.Cryptography;

namespace Nestegg.Server.S3;

/// <summary>
/// One of the checksums that a client may send as <c>x-amz-checksum-…</c>, in a header or a trailer; its value is base64, numbers
/// big-endian.
/// </summary>
internal sealed class Checksum : IDisposable
{
    private const string Prefix = "x-amz-checksum-";

    private readonly IncrementalHash? hash;
    private readonly Crc32? crc32;
    private readonly Crc64? crc64;

    private Checksum(string header, IncrementalHash? hash, Crc32? crc32, Crc64? crc64)
    {
        Header = header;
        this.hash = hash;
        this.crc32 = crc32;
        this.crc64 = crc64;
    }

    /// <summary>The header's name, in lower case.</summary>
    public string Header { get; }

    /// <summary>The checksum that a request announces; <see langword="null"/> when it announces none.</summary>
    public static Checksum? TryCreate(S3Request request)
    {
        var trailer = request.Header("x-amz-trailer")?.Trim().ToLowerInvariant();
        var header = trailer is not null && trailer.StartsWith(Prefix, StringComparison.Ordinal)
            ? trailer
            : request.Context.Request.Headers.Keys.Select(name => name.ToLowerInvariant())
                .FirstOrDefault(name => name.StartsWith(Prefix, StringComparison.Ordinal)
                    && name is not (Prefix + "type" or Prefix + "algorithm" or Prefix + "mode"));
        return header is null ? null : header[Prefix.Length..] switch
        {
            "crc32" => new Checksum(header, null, new Crc32(), null),
            "crc32c" => new Checksum(header, null, new Crc32(Crc32ParameterSet.Crc32C), null),
            "crc64nvme" => new Checksum(header, null, null, new Crc64(Crc64ParameterSet.Nvme)),
            "sha1" => new Checksum(header, IncrementalHash.CreateHash(HashAlgorithmName.SHA1), null, null),
            "sha256" => new Checksum(header, IncrementalHash.CreateHash(HashAlgorithmName.SHA256), null, null),
            var name => throw S3Exception.InvalidRequest($"The checksum '{name}' is not known here."),
        };
    }

    public void Append(ReadOnlySpan<byte> bytes)
    {
        hash?.AppendData(bytes);
        crc32?.Append(bytes);
        crc64?.Append(bytes);
    }

    /// <summary>The checksum of what was appended, as its header states it.</summary>
    public string Value()
    {
        if (hash is not null)
        {
            return Convert.ToBase64String(hash.GetCurrentHash());
        }

        Span<byte> number = stackalloc byte[8];
        if (crc64 is not null)
        {
            BinaryPrimitives.WriteUInt64BigEndian(number, crc64.GetCurrentHashAsUInt64());
            return Convert.ToBase64String(number);
        }

        BinaryPrimitives.WriteUInt32BigEndian(number, crc32!.GetCurrentHashAsUInt32());
        return Convert.ToBase64String(number[..4]);
    }

    public void Dispose() => hash?.Dispose();
}

namespace Nestegg.TestKit.Sample;

/// <summary>The one source of chance of a sample: the same seed makes the same keys, ids, pictures and nonces.</summary>
public sealed class SampleRandom(int seed)
{
    private const string Alphanumeric = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

    private readonly Random random = new(seed);

    public byte[] Bytes(int length)
    {
        var bytes = new byte[length];
        random.NextBytes(bytes);
        return bytes;
    }

    /// <summary>From 0, and less than the limit.</summary>
    public int Next(int limit) => random.Next(limit);

    /// <summary>A version 4 UUID.</summary>
    public Guid Uuid()
    {
        var bytes = Bytes(16);
        bytes[6] = (byte)((bytes[6] & 0x0f) | 0x40);
        bytes[8] = (byte)((bytes[8] & 0x3f) | 0x80);
        return new Guid(bytes, bigEndian: true);
    }

    /// <summary>An id as museum makes them: a prefix, an underscore, 22 letters and digits.</summary>
    public string Id(string prefix) => $"{prefix}_{Secret(22)}";

    /// <summary>As authenticator apps are given their secrets.</summary>
    public string Base32(int length) =>
        string.Concat(Enumerable.Range(0, length).Select(_ => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[Next(32)]));

    /// <summary>Letters and digits.</summary>
    public string Secret(int length) => string.Concat(Enumerable.Range(0, length).Select(_ => Alphanumeric[Next(Alphanumeric.Length)]));
}

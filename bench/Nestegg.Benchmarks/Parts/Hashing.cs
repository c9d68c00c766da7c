using System.IO.Hashing;
using System.Security.Cryptography;
using BenchmarkDotNet.Attributes;
using Nestegg.Ente.Cryptography;

namespace Nestegg.Benchmarks.Parts;

/// <summary>The hashes that touch every byte: SHA-256 names objects, MD5 is what stores state, BLAKE2b is what apps record.</summary>
public class Hashing
{
    private readonly byte[] content = RandomNumberGenerator.GetBytes(4 << 20);

    [Benchmark(Baseline = true)]
    public byte[] Sha256() => SHA256.HashData(content);

    [Benchmark]
    public byte[] Md5() => MD5.HashData(content);

    [Benchmark]
    public byte[] Blake2b512() => Blake2b.Hash(content);

    [Benchmark]
    public UInt128 Xx128() => XxHash128.HashToUInt128(content);
}

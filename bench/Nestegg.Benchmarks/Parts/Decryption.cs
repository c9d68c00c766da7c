using System.Security.Cryptography;
using BenchmarkDotNet.Attributes;
using Nestegg.Ente.Cryptography;

namespace Nestegg.Benchmarks.Parts;

/// <summary>Decrypting a file of several chunks, against libsodium alone on the same bytes: what proving and exporting cost.</summary>
[MemoryDiagnoser]
public class Decryption
{
    private const int PlainBytes = 32 << 20;

    private readonly SecretKey key = SecretKey.Random();
    private byte[] header = [];
    private byte[] encrypted = [];
    private byte[] work = [];

    [GlobalSetup]
    public async Task EncryptAsync()
    {
        using var output = new MemoryStream();
        header = await SecretStreamEncryptor.EncryptAsync(
            new MemoryStream(RandomNumberGenerator.GetBytes(PlainBytes)), output, key, CancellationToken.None);
        encrypted = output.ToArray();
        work = new byte[encrypted.Length];
    }

    /// <summary>libsodium's decryption and hash on chunks in memory, with nothing around them.</summary>
    [Benchmark(Baseline = true)]
    public byte[] Libsodium()
    {
        encrypted.CopyTo(work, 0);
        using var decryptor = new SecretStreamDecryptor(key, header);
        using var hash = new Blake2b();
        for (var at = 0; at < work.Length; at += SecretStream.EncryptedChunkBytes)
        {
            var chunk = work.AsSpan(at, Math.Min(SecretStream.EncryptedChunkBytes, work.Length - at));
            if (!decryptor.TryDecrypt(chunk, out var plain))
            {
                throw new InvalidOperationException("the sample does not decrypt");
            }

            hash.Update(plain);
        }

        return hash.Finish();
    }

    /// <summary>The whole pipeline of prove: stream, chunks, tags, final tag, hash.</summary>
    [Benchmark]
    public async Task<byte[]> Pipeline()
    {
        using var hash = new Blake2b();
        var defect = await SecretStreamDecryptor.DecryptAsync(new MemoryStream(encrypted), key, header, (plain, _) =>
        {
            hash.Update(plain.Span);
            return ValueTask.CompletedTask;
        }, CancellationToken.None);
        return defect is null ? hash.Finish() : throw new InvalidOperationException(defect.ToString());
    }
}

using System.Security.Cryptography;
using Nestegg.Ente.Cryptography;
using Nestegg.TestKit.Sample;

namespace Nestegg.Benchmarks.SideBySide;

/// <summary>
/// What libsodium has to do for a proof, with nothing around it: the key of a new account's password, then decryption and hash of so many
/// bytes in so many streams, on all cores. The bytes come from memory, as a photo's do, and not from the processor's cache, in which a
/// single stream would stay.
/// </summary>
internal static class BareDecryption
{
    private const int Copies = 64;

    public static int Run(long totalBytes, int streams)
    {
        var plainBytes = (int)(totalBytes / streams);
        using var passwordKey = Argon2id.Derive(
            "a password"u8, RandomNumberGenerator.GetBytes(16), SamplePeople.Operations, SamplePeople.MemoryBytes);
        using var key = SecretKey.Random();
        using var output = new MemoryStream();
        var header = SecretStreamEncryptor.EncryptAsync(
            new MemoryStream(RandomNumberGenerator.GetBytes(plainBytes)), output, key, CancellationToken.None).GetAwaiter().GetResult();
        var copies = Enumerable.Range(0, Copies).Select(_ => output.ToArray()).ToArray();
        Parallel.For(0, streams, new ParallelOptions
        {
            MaxDegreeOfParallelism = Environment.ProcessorCount,
        }, () => new byte[SecretStream.EncryptedChunkBytes], (number, _, work) =>
        {
            var encrypted = copies[number % Copies];
            using var decryptor = new SecretStreamDecryptor(key, header);
            using var hash = new Blake2b();
            for (var at = 0; at < encrypted.Length; at += SecretStream.EncryptedChunkBytes)
            {
                var chunk = work.AsSpan(0, Math.Min(SecretStream.EncryptedChunkBytes, encrypted.Length - at));
                encrypted.AsSpan(at, chunk.Length).CopyTo(chunk);
                if (!decryptor.TryDecrypt(chunk, out var plain))
                {
                    throw new InvalidOperationException("the sample does not decrypt");
                }

                hash.Update(plain);
            }

            hash.Finish();
            return work;
        }, _ => { });
        return 0;
    }
}

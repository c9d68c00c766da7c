using System.Text;
using CsCheck;
using Nestegg.Ente.Cryptography;

namespace Nestegg.Tests.Cryptography;

public class SecretStreamTests
{
    private const string Title = """{"title":"x.jpg"}""";
    private static readonly byte[] Header = [.. Enumerable.Range(0, 24).Select(i => (byte)i)];
    private static readonly SecretKey CountingKey = SecretKey.From([.. Enumerable.Range(0, 32).Select(i => (byte)i)]);

    [Fact]
    public void Two_messages_open_as_Ente_wrote_them()
    {
        using var decryptor = new SecretStreamDecryptor(CountingKey, Header);
        Assert.True(decryptor.TryDecrypt(
            Convert.FromHexString("7fdfb7dbb00325f020aab9bdebf69b0e71028bf786195bbd70c87699a69bba922215cb16a5"), out var first));
        Assert.Equal(new string('A', 20), Encoding.UTF8.GetString(first));
        Assert.True(decryptor.TryDecrypt(
            Convert.FromHexString("04d316af6d3facc3800af9c4be40de86ffc4581415e72f8a6dbf9eb2e052c38d9ecf"), out var second));
        Assert.Equal(Title, Encoding.UTF8.GetString(second));
        Assert.True(decryptor.TryFinish());
    }

    [Fact]
    public void A_single_message_opens_as_Ente_wrote_it()
    {
        var message = Convert.FromHexString("7ce5d4ee983608d443d1da8484ddaa28123e102f85cd39c87fe5f6f2c7f1be919dbb");
        Assert.True(SecretStream.TryOpen(message, Header, CountingKey, requireFinal: true, out var plaintext));
        Assert.Equal(Title, Encoding.UTF8.GetString(plaintext));
        Assert.False(SecretStream.TryOpen(message, Header.AsSpan(1), CountingKey, requireFinal: true, out _));
        Assert.False(SecretStream.TryOpen(message.AsSpan(0, 16), Header, CountingKey, requireFinal: true, out _));
    }

    [Fact]
    public void A_blob_without_FINAL_opens_only_where_that_is_allowed()
    {
        var message = Convert.FromHexString("7fdfb7dbb00325f020aab9bdebf69b0e71028bf786195bbd70c87699a69bba922215cb16a5");
        Assert.False(SecretStream.TryOpen(message, Header, CountingKey, requireFinal: true, out _));
        Assert.True(SecretStream.TryOpen(message, Header, CountingKey, requireFinal: false, out _));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(262_127)]
    [InlineData(SecretStream.ChunkBytes - 1)]
    [InlineData(SecretStream.ChunkBytes)]
    [InlineData(SecretStream.ChunkBytes + 1)]
    [InlineData((2 * SecretStream.ChunkBytes) + 5)]
    public async Task What_is_encrypted_is_decrypted(int length)
    {
        var (plaintext, encrypted, header) = await EncryptAsync(length);
        Assert.Equal(SecretStream.EncryptedBytes(length), encrypted.Length);
        Assert.Equal(length, SecretStream.PlaintextBytes(encrypted.Length));
        var (defect, decrypted) = await DecryptAsync(encrypted, header);
        Assert.Null(defect);
        Assert.Equal(plaintext, decrypted);
    }

    [Fact]
    public async Task A_stream_cut_at_a_chunk_boundary_is_refused()
    {
        var (plaintext, encrypted, header) = await EncryptAsync((2 * SecretStream.ChunkBytes) + 5);
        var (defect, decrypted) = await DecryptAsync(encrypted[..(2 * SecretStream.EncryptedChunkBytes)], header);
        Assert.Equal(new SecretStreamDefect(SecretStreamDefectKind.FinalMissing, 3, 2 * SecretStream.EncryptedChunkBytes), defect);
        Assert.Equal(plaintext[..(2 * SecretStream.ChunkBytes)], decrypted);
        Assert.Equal(SecretStreamDefectKind.FinalMissing, (await DecryptAsync([], header)).Defect?.Kind);
    }

    [Theory]
    [InlineData(5, 10, SecretStreamDefectKind.ChunkTooShort)]
    [InlineData(20, 18, SecretStreamDefectKind.NotAuthentic)]
    public async Task A_truncated_last_chunk_is_refused(int tail, int kept, SecretStreamDefectKind kind)
    {
        var (_, encrypted, header) = await EncryptAsync(SecretStream.ChunkBytes + tail);
        var (defect, _) = await DecryptAsync(encrypted[..(SecretStream.EncryptedChunkBytes + kept)], header);
        Assert.Equal(new SecretStreamDefect(kind, 2, SecretStream.EncryptedChunkBytes), defect);
    }

    [Fact]
    public async Task A_changed_byte_is_found_in_its_chunk()
    {
        var (_, encrypted, header) = await EncryptAsync((2 * SecretStream.ChunkBytes) + 5);
        encrypted[SecretStream.EncryptedChunkBytes + 1000] ^= 1;
        var (defect, decrypted) = await DecryptAsync(encrypted, header);
        Assert.Equal(new SecretStreamDefect(SecretStreamDefectKind.NotAuthentic, 2, SecretStream.EncryptedChunkBytes), defect);
        Assert.Equal(SecretStream.ChunkBytes, decrypted.Length);
    }

    [Fact]
    public async Task Bytes_after_the_last_chunk_are_refused()
    {
        var (_, encrypted, header) = await EncryptAsync(SecretStream.ChunkBytes);
        foreach (var extra in new[] { 1, 17, 100 })
        {
            var (defect, _) = await DecryptAsync([.. encrypted, .. new byte[extra]], header);
            Assert.Equal(new SecretStreamDefect(SecretStreamDefectKind.DataAfterFinal, 2, SecretStream.EncryptedChunkBytes), defect);
        }
    }

    [Fact]
    public void One_extra_empty_last_chunk_is_accepted_and_no_second()
    {
        using var key = SecretKey.Random();
        var state = default(Sodium.SecretStreamState);
        var header = new byte[24];
        Sodium.Require(Sodium.crypto_secretstream_xchacha20poly1305_init_push(ref state, header, key.Bytes));
        using var decryptor = new SecretStreamDecryptor(key, header);
        Assert.True(decryptor.TryDecrypt(PushFinal(ref state, 100), out _));
        Assert.True(decryptor.TryDecrypt(PushFinal(ref state, 0), out _));
        Assert.True(decryptor.TryFinish());
        Assert.False(decryptor.TryDecrypt(PushFinal(ref state, 0), out _));
        Assert.Equal(SecretStreamDefectKind.DataAfterFinal, decryptor.Defect?.Kind);
        Assert.False(decryptor.TryFinish());
    }

    [Fact]
    public async Task A_slow_sink_gets_one_chunk_after_the_other_and_before_the_end()
    {
        var (plaintext, encrypted, header) = await EncryptAsync((3 * SecretStream.ChunkBytes) + 5);
        using var taken = new MemoryStream();
        var atOnce = 0;
        var defect = await SecretStreamDecryptor.DecryptAsync(new MemoryStream(encrypted), CountingKey, header, async (chunk, token) =>
        {
            Assert.Equal(1, Interlocked.Increment(ref atOnce));
            await Task.Delay(20, token);
            taken.Write(chunk.Span);
            Interlocked.Decrement(ref atOnce);
        }, TestContext.Current.CancellationToken);
        Assert.Null(defect);
        Assert.Equal(plaintext, taken.ToArray());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public async Task What_a_sink_throws_ends_the_stream(int atChunk)
    {
        var (_, encrypted, header) = await EncryptAsync((2 * SecretStream.ChunkBytes) + 5);
        var chunk = 0;
        await Assert.ThrowsAsync<IOException>(() => SecretStreamDecryptor.DecryptAsync(
            new MemoryStream(encrypted), CountingKey, header,
            (_, _) => chunk++ == atChunk ? throw new IOException("full") : ValueTask.CompletedTask, TestContext.Current.CancellationToken));
    }

    [Fact]
    public void The_first_defect_sticks()
    {
        using var decryptor = new SecretStreamDecryptor(CountingKey, Header);
        Assert.False(decryptor.TryDecrypt(new byte[40], out _));
        Assert.False(
            decryptor.TryDecrypt(Convert.FromHexString("7ce5d4ee983608d443d1da8484ddaa28123e102f85cd39c87fe5f6f2c7f1be919dbb"), out _));
        Assert.False(decryptor.TryFinish());
        Assert.Equal(1, decryptor.Defect?.Chunk);
    }

    [Fact]
    public async Task A_header_of_the_wrong_length_is_a_defect()
    {
        var (defect, _) = await DecryptAsync(new byte[100], new byte[23]);
        Assert.Equal(SecretStreamDefectKind.HeaderLength, defect?.Kind);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(0)]
    [InlineData(16)]
    [InlineData(SecretStream.EncryptedChunkBytes + 16)]
    public void No_file_has_a_length_between_two_chunks(long encryptedBytes) => Assert.Null(SecretStream.PlaintextBytes(encryptedBytes));

    [Fact]
    public void The_two_lengths_of_a_file_fit_each_other() => Gen.Long[0, 1L << 45].Sample(length =>
        SecretStream.PlaintextBytes(SecretStream.EncryptedBytes(length)) == length);

    private static byte[] PushFinal(ref Sodium.SecretStreamState state, int length)
    {
        var message = new byte[length + 17];
        Sodium.Require(Sodium.crypto_secretstream_xchacha20poly1305_push(ref state, message, 0, new byte[length], (ulong)length, 0, 0, 3));
        return message;
    }

    private static async Task<(byte[] Plaintext, byte[] Encrypted, byte[] Header)> EncryptAsync(int length)
    {
        var plaintext = new byte[length];
        new Random(length).NextBytes(plaintext);
        using var encrypted = new MemoryStream();
        var header = await SecretStreamEncryptor.EncryptAsync(
            new MemoryStream(plaintext), encrypted, CountingKey, TestContext.Current.CancellationToken);
        return (plaintext, encrypted.ToArray(), header);
    }

    private static async Task<(SecretStreamDefect? Defect, byte[] Plaintext)> DecryptAsync(byte[] encrypted, byte[] header)
    {
        using var plaintext = new MemoryStream();
        var defect = await SecretStreamDecryptor.DecryptAsync(
            new MemoryStream(encrypted), CountingKey, header, plaintext.WriteAsync, TestContext.Current.CancellationToken);
        return (defect, plaintext.ToArray());
    }
}

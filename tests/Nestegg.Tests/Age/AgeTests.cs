using System.Text;
using CsCheck;
using Nestegg.Formats.Age;

namespace Nestegg.Tests.Age;

public class AgeTests
{
    private const int Chunk = AgeWriter.ChunkBytes;

    private static readonly byte[] Passphrase = Encoding.UTF8.GetBytes("correct horse – battery");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    // BIP 173's checksum on age's own example of a recipient.
    [Theory]
    [InlineData("age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p", true)]
    [InlineData("AGE1QL3Z7HJY54PW3HYWW5AYYFG7ZQGVC7W3J2ELW8ZMRJ2KG5SFN9AQMCAC8P", true)]
    [InlineData("Age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p", false)]
    [InlineData("age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8q", false)]
    [InlineData("age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8", false)]
    [InlineData("age2ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p", false)]
    [InlineData("", false)]
    public void A_recipient_is_read_only_with_a_good_checksum_and_one_case(string text, bool isGood)
    {
        Assert.Equal(isGood, AgeRecipient.TryParse(text, out var recipient));
        if (isGood)
        {
            Assert.Equal(text.ToLowerInvariant(), recipient!.ToString());
        }
    }

    [Fact]
    public void Every_key_survives_bech32() => Gen.Byte.Array[32].Sample(key =>
    {
        var read = new byte[32];
        return Bech32.TryDecode(Bech32.Encode("age", key), "age", read) && read.SequenceEqual(key);
    });

    [Fact]
    public void No_single_changed_character_passes_bech32() =>
        Gen.Select(Gen.Byte.Array[32], Gen.Int[4, 61], Gen.Int[1, 31]).Sample((key, place, shift) =>
    {
        const string alphabet = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
        var text = Bech32.Encode("age", key);
        text[place] = (byte)alphabet[(alphabet.IndexOf((char)text[place], StringComparison.Ordinal) + shift) % 32];
        return !Bech32.TryDecode(text, "age", new byte[32]);
    });

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(Chunk - 1)]
    [InlineData(Chunk)]
    [InlineData(Chunk + 1)]
    [InlineData(2 * Chunk)]
    [InlineData(200_000)]
    public async Task What_was_encrypted_is_decrypted_by_each_recipient(int length)
    {
        using var first = AgeIdentity.Generate();
        using var second = AgeIdentity.Generate();
        var content = TestKit.SampleRepository.Content(length, length);
        var file = await EncryptAsync(content, first.Recipient, second.Recipient);

        Assert.Equal(content, await DecryptAsync(file, first));
        Assert.Equal(content, await DecryptAsync(file, second));
    }

    [Fact]
    public async Task Every_cut_is_refused()
    {
        using var identity = AgeIdentity.Generate();
        var file = await EncryptAsync(new byte[2 * Chunk + 10], identity.Recipient);
        var header = HeaderLength(file);
        int[] lengths = [0, 5, header - 1, header, header
            + 15, header + 16, header + 16 + Chunk, header + 16 + Chunk + 16, header + 16 + 2 * (Chunk + 16), file.Length - 1];
        foreach (var length in lengths)
        {
            Assert.Equal(
                FailureKind.Damaged, (await Assert.ThrowsAsync<NesteggException>(() => DecryptAsync(file[..length], identity))).Kind);
        }
    }

    [Fact]
    public async Task Bytes_after_the_end_are_refused()
    {
        using var identity = AgeIdentity.Generate();
        foreach (var length in (int[])[0, 10, Chunk])
        {
            var file = await EncryptAsync(new byte[length], identity.Recipient);
            await Assert.ThrowsAsync<NesteggException>(() => DecryptAsync([.. file, 0], identity));
            await Assert.ThrowsAsync<NesteggException>(() => DecryptAsync([.. file, .. file[^16..]], identity));
        }
    }

    [Fact]
    public async Task Any_flipped_bit_is_refused()
    {
        using var identity = AgeIdentity.Generate();
        var file = await EncryptAsync(new byte[Chunk + 100], identity.Recipient);
        foreach (var place in Enumerable.Range(0, HeaderLength(file) + 20).Concat([file.Length - 120, file.Length - 1]))
        {
            var damaged = file.ToArray();
            damaged[place] ^= 1;
            await Assert.ThrowsAsync<NesteggException>(() => DecryptAsync(damaged, identity));
        }
    }

    [Fact]
    public async Task Chunks_in_another_order_are_refused()
    {
        using var identity = AgeIdentity.Generate();
        var file = await EncryptAsync(TestKit.SampleRepository.Content(3 * Chunk, 1), identity.Recipient);
        var payload = HeaderLength(file) + 16;
        byte[] swapped = [.. file[..payload], .. file[(payload + Chunk + 16)..(payload + 2 * (Chunk + 16))], .. file[
            payload..(payload + Chunk + 16)], .. file[(payload + 2 * (Chunk + 16))..]];
        Assert.Equal(file.Length, swapped.Length);
        await Assert.ThrowsAsync<NesteggException>(() => DecryptAsync(swapped, identity));
    }

    [Fact]
    public async Task A_failed_reader_fails_again_in_the_same_words()
    {
        using var identity = AgeIdentity.Generate();
        var file = await EncryptAsync(new byte[Chunk], identity.Recipient);
        await using var reader = await AgeReader.OpenAsync(new MemoryStream(file[..^1]), "dump", [identity], [], Token);
        var first = await Assert.ThrowsAsync<NesteggException>(async () => await reader.ReadExactlyAsync(new byte[10], Token));
        var second = await Assert.ThrowsAsync<NesteggException>(async () => await reader.ReadExactlyAsync(new byte[10], Token));
        Assert.Same(first, second);
        Assert.Contains("dump", first.Message);
    }

    [Fact]
    public async Task A_wrong_identity_is_told_whom_the_file_is_for()
    {
        using var right = AgeIdentity.Generate();
        using var wrong = AgeIdentity.Generate();
        var file = await EncryptAsync([1], right.Recipient);
        var e = await Assert.ThrowsAsync<NesteggException>(
            () => AgeReader.OpenAsync(new MemoryStream(file), "database.dump.zst.age", [wrong], [right.Recipient.ToString()], Token));
        Assert.Equal(FailureKind.WrongIdentity, e.Kind);
        Assert.Contains("database.dump.zst.age", e.Message);
        Assert.Contains(right.Recipient.ToString(), e.Message);
        Assert.Contains(wrong.Recipient.ToString(), e.Message);
    }

    [Fact]
    public async Task An_unfinished_file_does_not_decrypt()
    {
        using var identity = AgeIdentity.Generate();
        var file = new MemoryStream();
        await using (var writer = await AgeWriter.CreateAsync(file, [identity.Recipient], Token))
        {
            await writer.WriteAsync(new byte[Chunk + 5], Token);
        }

        await Assert.ThrowsAsync<NesteggException>(() => DecryptAsync(file.ToArray(), identity));
    }

    [Fact]
    public async Task An_identity_file_is_read_with_its_comments()
    {
        using var identity = AgeIdentity.Generate();
        var text = AgeIdentityFile.Write(identity, DateTimeOffset.UnixEpoch, [new("repository", "5f1b"), new("signing key", "RWQ=")]);
        using var file =
            await ReadIdentitiesAsync([.. text, .. "\n# another\n"u8, .. AgeIdentity.Generate().ToText(), (byte)'\r', (byte)'\n']);
        Assert.Equal(2, file.Identities.Count);
        Assert.Equal(identity.Recipient, file.Identities[0].Recipient);
        Assert.Equal("5f1b", file.Comments["repository"]);
        Assert.Equal("RWQ=", file.Comments["signing key"]);
        Assert.Equal(identity.Recipient.ToString(), file.Comments["public key"]);
    }

    [Theory]
    [InlineData("")]
    [InlineData("# only a comment\n")]
    [InlineData("AGE-SECRET-KEY-1AAAA\n")]
    [InlineData("ssh-ed25519 AAAA\n")]
    public async Task A_file_without_an_identity_is_refused_by_name(string text)
    {
        var e = await Assert.ThrowsAsync<NesteggException>(() => ReadIdentitiesAsync(Encoding.ASCII.GetBytes(text)));
        Assert.Equal(FailureKind.BadInput, e.Kind);
        Assert.Contains("key.txt", e.Message);
    }

    [Fact]
    public async Task An_identity_file_under_a_passphrase_opens_with_it_alone()
    {
        using var identity = AgeIdentity.Generate();
        var file = new MemoryStream();
        await using (var writer = await AgeWriter.CreateWithPassphraseAsync(file, Passphrase, 10, Token))
        {
            await writer.WriteAsync(AgeIdentityFile.Write(identity, DateTimeOffset.UnixEpoch, []), Token);
            await writer.CompleteAsync(Token);
        }

        using var read = await ReadIdentitiesAsync(file.ToArray(), Passphrase);
        Assert.Equal(identity.Recipient, Assert.Single(read.Identities).Recipient);
        var e = await Assert.ThrowsAsync<NesteggException>(() => ReadIdentitiesAsync(file.ToArray(), "wrong"u8.ToArray()));
        Assert.Equal(FailureKind.WrongIdentity, e.Kind);

        var armored =
            $"-----BEGIN AGE ENCRYPTED FILE-----\n{Convert.ToBase64String(file.ToArray(), Base64FormattingOptions.InsertLineBreaks)}\n-----END AGE ENCRYPTED FILE-----\n";
        using var again = await ReadIdentitiesAsync(Encoding.ASCII.GetBytes(armored), Passphrase);
        Assert.Equal(identity.Recipient, Assert.Single(again.Identities).Recipient);
    }

    [Fact]
    public async Task An_unreasonable_work_factor_is_refused_before_it_is_paid()
    {
        var file = Encoding.ASCII.GetBytes(
            "age-encryption.org/v1\n-> scrypt AAAAAAAAAAAAAAAAAAAAAA 30\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n--- "
            + "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n0123456789abcdef");
        var e = await Assert.ThrowsAsync<NesteggException>(
            () => AgeReader.OpenWithPassphraseAsync(new MemoryStream(file), "identity.age", Passphrase, Token));
        Assert.Contains("2^30", e.Message);
    }

    private static int HeaderLength(byte[] file)
    {
        var dashes = file.AsSpan().IndexOf("\n--- "u8);
        return dashes + 1 + file.AsSpan(dashes + 1).IndexOf((byte)'\n') + 1;
    }

    private static Task<AgeIdentityFile> ReadIdentitiesAsync(byte[] content, byte[]? passphrase = null) =>
        AgeIdentityFile.ReadAsync(
            new MemoryStream(content), "key.txt",
            (_, problem, _) => Task.FromResult(problem is null ? passphrase!.ToArray() : null), Token);

    private static async Task<byte[]> EncryptAsync(byte[] content, params AgeRecipient[] recipients)
    {
        var file = new MemoryStream();
        await using var writer = await AgeWriter.CreateAsync(file, recipients, Token);
        foreach (var part in content.Chunk(10_007))
        {
            await writer.WriteAsync(part, Token);
        }

        await writer.CompleteAsync(Token);
        return file.ToArray();
    }

    private static async Task<byte[]> DecryptAsync(byte[] file, AgeIdentity identity)
    {
        await using var reader = await AgeReader.OpenAsync(new MemoryStream(file), "file", [identity], [], Token);
        var content = new MemoryStream();
        await reader.CopyToAsync(content, 4999, Token);
        return content.ToArray();
    }
}

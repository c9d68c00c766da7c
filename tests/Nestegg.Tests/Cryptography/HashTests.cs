using Nestegg.Ente.Cryptography;

namespace Nestegg.Tests.Cryptography;

public class HashTests
{
    private static readonly byte[] Counting = [.. Enumerable.Range(0, 64).Select(i => (byte)i)];

    // RFC 7693, appendix A.
    [Fact]
    public void The_hash_of_abc_is_the_one_of_the_standard() => Assert.Equal(
        "ba80a53f981c4d0d6a2797b69f12f6e94c212f14685ac4b74b12bb6fdbffa2d17d87c5392aab792dc252d5de4533cc9518d38aa8dbf1925ab92386edd4009923",
        Convert.ToHexStringLower(Blake2b.Hash("abc"u8)));

    // BLAKE2's own known answers: the empty input, without a key and under the key 00 01 … 3f.
    [Fact]
    public void The_hash_of_nothing_is_the_known_one()
    {
        Assert.Equal(
            "786a02f742015903c6c6fd852552d272912f4740e15847618a86e217f71f5419d25e1031afee585313896444934eb04b903a685b1448b755d56f701afe9be2ce",
            Convert.ToHexStringLower(Blake2b.Hash([])));
        Assert.Equal(
            "10ebb67700b1868efb4417987acf4690ae9d972fb7a590c2f02871799aaa4786b5e996e8f0f4eb981fc214b005f42d2ff4233499391653df7aefcbc13fc51568",
            Convert.ToHexStringLower(Blake2b.Hash([], Blake2b.FileHashBytes, Counting)));
    }

    [Fact]
    public void A_hash_computed_in_pieces_is_the_same()
    {
        using var hash = new Blake2b();
        hash.Update("a"u8);
        hash.Update([]);
        hash.Update("bc"u8);
        Assert.Equal(Blake2b.Hash("abc"u8), hash.Finish());
        Assert.Throws<InvalidOperationException>(() => hash.Update("d"u8));
    }

    [Theory]
    [InlineData("user@example.org")]
    [InlineData("  User@Example.ORG\n")]
    public void An_address_is_hashed_in_lower_case_and_trimmed(string email) =>
        Assert.Equal("zClY89J+ktz0ZlOzc6rn7nR922xK+aEL3NqoxL21BBk=", EmailHash.Compute(email, Counting));

    [Fact]
    public void A_password_becomes_the_key_and_the_login_key_of_Ente()
    {
        var salt = Convert.FromBase64String("AAECAwQFBgcICQoLDA0ODw==");
        using var key = Argon2id.Derive("correct horse battery staple"u8, salt, 2, 67108864);
        Assert.Equal("c05ce4c4dd7e0e45ee6011cc59d068ade47df1b01fc0cf9cd4678bdf68a5b7b0", Convert.ToHexStringLower(key.Bytes));
        using var subKey = LoginKey.DeriveSubKey(key);
        Assert.Equal("cfa59fd40f8376a8eae9b7a5f3a718d1729130db93f33aff1bfac5295c68c97f", Convert.ToHexStringLower(subKey.Bytes));
        Assert.Equal("cfa59fd40f8376a8eae9b7a5f3a718d1", Convert.ToHexStringLower(LoginKey.Derive(key)));
    }

    [Theory]
    [InlineData(0, 67108864)]
    [InlineData(2, 8191)]
    [InlineData(2, long.MaxValue)]
    [InlineData(-1, -1)]
    [InlineData(int.MaxValue, 67108864)]
    public void Limits_that_no_app_asks_for_are_not_usable(long operations, long memoryBytes)
    {
        Assert.False(Argon2id.AreLimitsUsable(operations, memoryBytes));
        Assert.Throws<ArgumentOutOfRangeException>(() => Argon2id.Derive("x"u8, new byte[16], operations, memoryBytes));
    }
}

using Nestegg.Repositories.Files;

namespace Nestegg.Tests;

public class ObjectHashTests
{
    // FIPS 180-2, appendix B.1.
    private const string Abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    [Fact]
    public void The_hash_of_abc_is_the_one_of_the_standard() => Assert.Equal(Abc, ObjectHash.Of("abc"u8).ToString());

    [Fact]
    public void What_is_printed_is_read_back()
    {
        Assert.True(ObjectHash.TryParse(Abc, out var hash));
        Assert.Equal(Abc, hash.ToString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("ba78")]
    [InlineData("zz7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")]
    public void Anything_but_64_hexadecimal_digits_is_refused(string text) => Assert.False(ObjectHash.TryParse(text, out _));
}

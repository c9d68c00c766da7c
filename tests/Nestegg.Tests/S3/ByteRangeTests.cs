using Nestegg.Server.S3;

namespace Nestegg.Tests.S3;

public class ByteRangeTests
{
    [Theory]
    [InlineData("bytes=0-0", 0, 1)]
    [InlineData("bytes=2-5", 2, 4)]
    [InlineData("bytes=7-", 7, 3)]
    [InlineData("bytes=-4", 6, 4)]
    [InlineData("bytes=-40", 0, 10)]
    [InlineData("bytes=9-999", 9, 1)]
    public void A_range_of_ten_bytes_is_cut_to_what_there_is(string header, long offset, long length)
    {
        Assert.True(ByteRange.TryParse(header, 10, out var range));
        Assert.Equal((offset, length), range);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("bytes=")]
    [InlineData("bytes=-")]
    [InlineData("bytes=5-2")]
    [InlineData("bytes=0-1,4-5")]
    [InlineData("items=0-1")]
    public void What_is_no_single_range_means_the_whole(string? header) => Assert.False(ByteRange.TryParse(header, 10, out _));

    [Theory]
    [InlineData("bytes=10-", 10)]
    [InlineData("bytes=-0", 10)]
    [InlineData("bytes=0-", 0)]
    [InlineData("bytes=-5", 0)]
    public void A_range_outside_the_object_is_refused(string header, long objectLength) =>
        Assert.Equal("InvalidRange", Assert.Throws<S3Exception>(() => ByteRange.TryParse(header, objectLength, out _)).Code);
}

using Nestegg.Ente;

namespace Nestegg.Tests;

public sealed class CountedTests
{
    [Theory]
    [InlineData(0, "0 files")]
    [InlineData(1, "1 file")]
    [InlineData(2, "2 files")]
    [InlineData(1_234_567, "1,234,567 files")]
    public void One_is_told_from_none_and_many(long count, string expected) => Assert.Equal(expected, Counted.Of(count, "file"));

    [Theory]
    [InlineData(1, "1 index is", "is")]
    [InlineData(3, "3 indexes are", "are")]
    public void The_words_after_it_follow(long count, string all, string verb) => Assert.Equal(
        (all, verb), (Counted.Of(count, "index is", "indexes are"), Counted.Word(count, "is", "are")));
}

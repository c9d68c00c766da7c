using System.Text;
using CsCheck;
using Nestegg.Server.S3;

namespace Nestegg.Tests.S3;

public class KeyPathTests
{
    private static readonly Gen<string> Keys = Gen.OneOf(
        Gen.String[Gen.Char["aAb0./%+~-_ \u0001é日"], 1, 12],
        Gen.String[Gen.Char["a/"], 1, 40],
        Gen.String[Gen.Char["abz.é"], 190, 450],
        Gen.String[Gen.Char["a/日\U0001F600"[..3]], 1, 250])
        .Where(key => Encoding.UTF8.GetByteCount(key) <= 1024);

    [Theory]
    [InlineData("1/5f1b0c6e-2d3a", "1+/5f1b0c6e-2d3a")]
    [InlineData("a", "a")]
    [InlineData("a/b", "a+/b")]
    [InlineData("a/", "a+/%")]
    [InlineData("/", "+/%")]
    [InlineData("//x", "+/+/x")]
    [InlineData("..", "%2E.")]
    [InlineData("../../etc/passwd", "%2E.+/%2E.+/etc+/passwd")]
    [InlineData("A%+~", "%41%25%2B%7E")]
    [InlineData("é", "%C3%A9")]
    public void A_key_becomes_this_path(string key, string path) => Assert.Equal(path, KeyPath.ToPath(key));

    [Fact]
    public void A_long_segment_is_cut_into_folders()
    {
        var path = KeyPath.ToPath(new string('é', 512));
        Assert.All(path.Split('/'), part => Assert.InRange(part.Length, 1, 255));
        Assert.Equal($"{new string('a', 200)}~/%", KeyPath.ToPath(new string('a', 200)));
        Assert.Equal($"{new string('a', 200)}~/+/b", KeyPath.ToPath(new string('a', 200) + "/b"));
    }

    [Fact]
    public void Every_path_reads_back_as_its_key() => Keys.Sample(key =>
    {
        var parts = KeyPath.ToPath(key).Split('/');
        var bytes = new StringBuilder();
        for (var i = 0; i < parts.Length; i++)
        {
            Assert.True(KeyPath.TryReadName(parts[i], isFolder: i < parts.Length - 1, out var name));
            bytes.Append(name);
        }

        Assert.Equal(key, KeyPath.ToText(bytes.ToString()));
    });

    [Fact]
    public void No_path_leaves_the_bucket_or_needs_a_long_name() => Keys.Sample(key =>
    {
        var path = KeyPath.ToPath(key);
        Assert.StartsWith("/bucket/", Path.GetFullPath("/bucket/" + path), StringComparison.Ordinal);
        Assert.Equal("/bucket/" + path, Path.GetFullPath("/bucket/" + path));
        Assert.All(path.Split('/'), part => Assert.InRange(part.Length, 1, 255));
    });

    [Theory]
    [InlineData("plain-folder", true)]
    [InlineData("", true)]
    [InlineData("%4", false)]
    [InlineData("%zz", false)]
    public void A_name_that_the_scheme_never_makes_is_refused(string name, bool isFolder) =>
        Assert.False(KeyPath.TryReadName(name, isFolder, out _));
}

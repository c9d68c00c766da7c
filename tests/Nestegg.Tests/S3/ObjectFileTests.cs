using Nestegg.Server.S3;
using Nestegg.TestKit;

namespace Nestegg.Tests.S3;

public class ObjectFileTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(700_000)]
    public async Task Bytes_and_tags_come_back(int length)
    {
        using var folder = new TemporaryFolder();
        var content = new byte[length];
        Random.Shared.NextBytes(content);
        // Larger than what is read first, so that the tags need a second read.
        var tags = new ObjectTags("abc", new Dictionary<string, string> { ["x-amz-meta-note"] = new string('é', 600) });
        await File.WriteAllBytesAsync(folder["object"], [.. content, .. ObjectFile.Footer(tags)], TestContext.Current.CancellationToken);

        using var file = ObjectFile.TryOpen(folder["object"]);
        Assert.NotNull(file);
        Assert.Equal(length, file.Length);
        Assert.Equal(tags.Headers, file.Tags.Headers);
        using var copy = new MemoryStream();
        await file.CopyToAsync(copy, 0, file.Length, TestContext.Current.CancellationToken);
        Assert.Equal(content, copy.ToArray());
    }

    [Fact]
    public void An_absent_file_is_no_object()
    {
        using var folder = new TemporaryFolder();
        Assert.Null(ObjectFile.TryOpen(folder["absent"]));
        Assert.Null(ObjectFile.TryOpen(folder["absent/too"]));
    }

    [Fact]
    public void A_file_of_another_kind_is_refused_by_name()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["photo.jpg"], "not one of ours");
        var error = Assert.Throws<IOException>(() => ObjectFile.TryOpen(folder["photo.jpg"]));
        Assert.Contains("photo.jpg", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_footer_with_an_impossible_length_is_refused()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllBytes(folder["object"], [.. "x"u8, 255, 255, 0, 0, .. "nestegg1"u8]);
        Assert.Contains(
            "damaged", Assert.Throws<IOException>(() => ObjectFile.TryOpen(folder["object"])).Message, StringComparison.Ordinal);
    }
}

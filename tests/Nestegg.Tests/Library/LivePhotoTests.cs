using System.IO.Compression;
using CsCheck;
using Nestegg.Ente.Library;

namespace Nestegg.Tests.Library;

public class LivePhotoTests
{
    [Theory]
    [InlineData("image.HEIC", "video.MOV", ".HEIC", ".MOV")]
    [InlineData("image", "VIDEO.mp4", "", ".mp4")]
    [InlineData("../../image.jpg", @"..\..\video.mov", ".jpg", ".mov")]
    [InlineData("/etc/image.a:b", "video.verylongextension", "", "")]
    [InlineData("image.jpg/../image.p\u202eng", "a/b/video.x/y/video.mp4", "", ".mp4")]
    public async Task The_parts_are_found_and_their_names_are_not_trusted(
        string image, string video, string imageExtension, string videoExtension)
    {
        var zip = Zip((image, "picture"u8.ToArray()), (video, "film"u8.ToArray()));
        Assert.True(LivePhoto.TryOpen(new MemoryStream(zip), out var livePhoto, out _));
        using (livePhoto)
        {
            Assert.Equal((imageExtension, videoExtension), (livePhoto.Image.Extension, livePhoto.Video.Extension));
            Assert.Equal("picture"u8.ToArray(), await ReadAsync(livePhoto.Image));
            Assert.Equal("film"u8.ToArray(), await ReadAsync(livePhoto.Video));
        }
    }

    [Theory]
    [InlineData("image.jpg", "film.mov")]
    [InlineData("picture.jpg", "video.mov")]
    [InlineData("my image.jpg", "video.mov")]
    public void A_zip_without_both_parts_is_kept_whole(string first, string second)
    {
        Assert.False(LivePhoto.TryOpen(new MemoryStream(Zip((first, [1]), (second, [2]))), out _, out var problem));
        Assert.Contains("image", problem, StringComparison.Ordinal);
    }

    [Fact]
    public void A_bomb_is_kept_whole()
    {
        var zip = Zip(("image.jpg", new byte[80 * 1024 * 1024]), ("video.mov", [1]));
        Assert.False(LivePhoto.TryOpen(new MemoryStream(zip), out _, out var problem));
        Assert.Contains("larger", problem, StringComparison.Ordinal);
    }

    [Fact]
    public void A_zip_of_many_entries_is_kept_whole_and_not_read()
    {
        (string, byte[])[] entries =
            [("image.jpg", [1]), ("video.mov", [2]), .. Enumerable.Range(0, 100_000).Select(i => ($"{i}", Array.Empty<byte>()))];
        foreach (var (count, fits) in new[] { (64, true), (65, false), (60_000, false), (100_002, false) })
        {
            using var zip = new MemoryStream(Zip(entries[..count]));
            var before = GC.GetAllocatedBytesForCurrentThread();
            Assert.Equal(fits, LivePhoto.TryOpen(zip, out var livePhoto, out var problem));
            livePhoto?.Dispose();
            Assert.Equal(fits, problem is null);
            Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 1_000_000);
        }
    }

    [Fact]
    public async Task A_damaged_entry_is_noticed()
    {
        var content = new byte[5000];
        new Random(1).NextBytes(content);
        var zip = Zip(("image.jpg", content), ("video.mov", content));
        zip.AsSpan(100, 200).Clear();
        Assert.True(LivePhoto.TryOpen(new MemoryStream(zip), out var livePhoto, out _));
        using (livePhoto)
        {
            Assert.NotEqual(content, await ReadAsync(livePhoto.Image));
        }
    }

    [Fact]
    public void Arbitrary_changes_of_a_zip_are_never_an_exception()
    {
        var whole = Zip(("image.jpg", "picture"u8.ToArray()), ("video.mov", "film"u8.ToArray()));
        Gen.Select(Gen.Int[0, whole.Length - 1].Array[0, 8], Gen.Byte.Array[8], Gen.Int[0, whole.Length]).Sample((places, bytes, length) =>
        {
            byte[] zip = [.. whole];
            for (var i = 0; i < places.Length; i++)
            {
                zip[places[i]] = bytes[i];
            }

            if (!LivePhoto.TryOpen(new MemoryStream(zip, 0, places.Length == 0 ? length : zip.Length), out var livePhoto, out var problem))
            {
                Assert.NotEmpty(problem);
                return;
            }

            using (livePhoto)
            {
                _ = ReadAsync(livePhoto.Image).GetAwaiter().GetResult();
                _ = ReadAsync(livePhoto.Video).GetAwaiter().GetResult();
            }
        }, iter: 3000);
    }

    private static byte[] Zip(params (string Name, byte[] Content)[] entries)
    {
        using var stream = new MemoryStream();
        using (var zip = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach (var (name, content) in entries)
            {
                using var entry = zip.CreateEntry(name).Open();
                entry.Write(content);
            }
        }

        return stream.ToArray();
    }

    private static async Task<byte[]?> ReadAsync(LivePhotoPart part)
    {
        using var content = new MemoryStream();
        return await part.TryCopyToAsync(content.WriteAsync, CancellationToken.None) ? content.ToArray() : null;
    }
}

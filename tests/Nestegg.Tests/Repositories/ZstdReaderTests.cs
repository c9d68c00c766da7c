using Nestegg.Repositories.Files;

namespace Nestegg.Tests.Repositories;

public sealed class ZstdReaderTests
{
    private static readonly byte[] Plain = TestKit.SampleRepository.Content(300_000, 5);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_was_compressed_is_read()
    {
        Assert.Equal(Plain, await ReadAsync(new MemoryStream(await CompressAsync())));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(100_000)]
    public async Task Bytes_after_the_end_are_refused(int count)
    {
        byte[] stored = [.. await CompressAsync(), .. TestKit.SampleRepository.Content(count, 6)];
        Assert.Equal(FailureKind.Damaged, (await Assert.ThrowsAsync<NesteggException>(() => ReadAsync(new MemoryStream(stored)))).Kind);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(1000)]
    public async Task One_that_is_cut_off_is_refused(int missing)
    {
        var stored = (await CompressAsync())[..^missing];
        Assert.Equal(FailureKind.Damaged, (await Assert.ThrowsAsync<NesteggException>(() => ReadAsync(new MemoryStream(stored)))).Kind);
    }

    private static async Task<byte[]> CompressAsync()
    {
        var stored = new MemoryStream();
        await using (var zstd = ZstdWriter.Over(stored))
        {
            await zstd.WriteAsync(Plain, Token);
        }

        return stored.ToArray();
    }

    private static async Task<byte[]> ReadAsync(Stream stored)
    {
        await using var reader = new ZstdReader(stored, "dump.zst");
        using var plain = new MemoryStream();
        await reader.CopyToAsync(plain, Token);
        return plain.ToArray();
    }
}

using Nestegg.Ente.Scratch;
using Nestegg.TestKit;

namespace Nestegg.Tests.Scratch;

public sealed class ScratchFileTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_is_written_is_read_back_at_any_position()
    {
        using var parent = new TemporaryFolder();
        using var file = ScratchFile.Create(16, parent.Path);
        var content = Enumerable.Range(0, 1000).Select(number => (byte)number).ToArray();
        file.Write(content, 0, 400);
        await file.WriteAsync(content.AsMemory(400), Token);
        Assert.Equal(1000, file.Length);
        Assert.Equal(990, file.Seek(-10, SeekOrigin.End));
        Assert.Equal(content[990], file.ReadByte());
        file.SetLength(500);
        file.Position = 0;
        var read = new MemoryStream();
        await file.CopyToAsync(read, Token);
        Assert.Equal(content[..500], read.ToArray());
        Assert.Equal(0, file.Read(new byte[1], 0, 1));
    }

    [Fact]
    public void It_has_no_name_so_that_nothing_is_left_of_it_when_the_process_is_killed()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "an open file has a name there");
        using var parent = new TemporaryFolder();
        using var file = ScratchFile.Create(0, parent.Path);
        file.Write(new byte[10]);
        Assert.Empty(Directory.EnumerateFileSystemEntries(parent.Path));
        Directory.Delete(parent.Path);
        file.Write(new byte[10]);
        Assert.Equal(20, file.Length);
    }
}

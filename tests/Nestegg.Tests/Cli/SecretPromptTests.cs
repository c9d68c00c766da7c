using System.Runtime.InteropServices;
using System.Text;
using Nestegg.Cli.Terminal;
using Nestegg.TestKit;

namespace Nestegg.Tests.Cli;

public sealed partial class SecretPromptTests : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly StringWriter output = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("secret\n", "secret")]
    [InlineData("secret\r\nmore\n", "secret")]
    [InlineData("sécret 中", "sécret 中")]
    public async Task A_secret_is_the_first_line_of_its_file(string content, string expected)
    {
        await File.WriteAllTextAsync(folder["s"], content, Token);

        Assert.Equal(expected, Encoding.UTF8.GetString(await ReadAsync(new SecretSource(FilePath: "s"))));
    }

    public static TheoryData<string, Encoding> Encodings => new()
    {
        { "UTF-8 with a mark", new UTF8Encoding(encoderShouldEmitUTF8Identifier: true) },
        { "UTF-16", Encoding.Unicode },
        { "UTF-16, high byte first", Encoding.BigEndianUnicode },
    };

    [Theory]
    [MemberData(nameof(Encodings), DisableDiscoveryEnumeration = true)]
    public async Task An_editors_mark_is_no_part_of_a_secret(string name, Encoding encoding)
    {
        await File.WriteAllTextAsync(folder[name], "sécret 中\r\nmore", encoding, Token);

        Assert.Equal("sécret 中", Encoding.UTF8.GetString(await ReadAsync(new SecretSource(FilePath: name))));
    }

    [Fact]
    public async Task A_recovery_key_may_stand_in_several_lines()
    {
        await File.WriteAllTextAsync(folder["words"], "one two\r\nthree\n", Token);
        var secret = await new SecretPrompt(Host()).ReadWholeAsync("recovery key", new SecretSource(FilePath: "words"), "SECRET", Token);

        Assert.Equal("one two\r\nthree\n", Encoding.UTF8.GetString(secret));
    }

    [Fact]
    public async Task Each_secret_is_one_line_of_a_descriptor_and_an_open_end_keeps_nobody_waiting()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "file descriptors are opened by number here");
        var ends = new int[2];
        Assert.Equal(0, Pipe(ends));
        try
        {
            byte[] lines = [.. "first\nsecond\r\n"u8];
            Assert.Equal(lines.Length, Write(ends[1], lines, lines.Length));

            Assert.Equal("first", Encoding.UTF8.GetString(await ReadAsync(new SecretSource(FileDescriptor: ends[0]))));
            Assert.Equal("second", Encoding.UTF8.GetString(await ReadAsync(new SecretSource(FileDescriptor: ends[0]))));
        }
        finally
        {
            Assert.Equal((0, 0), (Close(ends[0]), Close(ends[1])));
        }
    }

    [Fact]
    public async Task A_descriptor_that_the_runtime_opened_is_nobodys_secret()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "file descriptors are opened by number here");
        await File.WriteAllTextAsync(folder["s"], "not for you\n", Token);
        using var file = File.OpenHandle(folder["s"]);
        var failure = await Assert.ThrowsAsync<NesteggException>(
            () => ReadAsync(new SecretSource(FileDescriptor: (int)file.DangerousGetHandle())));

        Assert.Contains("is not open for reading", failure.Message);
    }

    [Fact]
    public async Task A_secret_comes_from_the_environment_when_nothing_else_is_named() =>
        Assert.Equal("from environment", Encoding.UTF8.GetString(await ReadAsync(new SecretSource())));

    [Theory]
    [InlineData("empty", null, "the password is empty")]
    [InlineData("nope", null, "/nope does not exist")]
    [InlineData("no/such/folder", null, "/no/such/folder does not exist")]
    [InlineData("folder", null, "/folder cannot be read: it is a folder")]
    [InlineData("long", null, "is longer than 1 MiB")]
    [InlineData(null, 9999, "file descriptor 9999")]
    public async Task What_cannot_be_read_is_named(string? file, int? descriptor, string message)
    {
        await File.WriteAllTextAsync(folder["empty"], "\n", Token);
        await File.WriteAllTextAsync(folder["long"], new string('x', (1 << 20) + 1), Token);
        Directory.CreateDirectory(folder["folder"]);

        var failure = await Assert.ThrowsAsync<NesteggException>(() => ReadAsync(new SecretSource(file, descriptor)));
        Assert.Contains(message, failure.Message);
        Assert.NotEqual("", failure.Hint);
    }

    private Task<byte[]> ReadAsync(SecretSource source) => new SecretPrompt(Host()).ReadAsync("password", source, "SECRET", Token);

    private CommandHost Host() => new()
    {
        Out = output, Error = output, WorkingFolder = folder.Path,
        Environment = new Dictionary<string, string> { ["SECRET"] = "from environment" },
    };

    // As a shell opens one: without the mark that .NET gives to its own.
    [LibraryImport("libc", EntryPoint = "pipe")]
    private static partial int Pipe([Out] int[] ends);

    [LibraryImport("libc", EntryPoint = "write")]
    private static partial nint Write(int descriptor, byte[] content, nint count);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int descriptor);
}

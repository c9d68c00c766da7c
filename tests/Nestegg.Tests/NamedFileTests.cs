using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Nestegg.TestKit;

namespace Nestegg.Tests;

public sealed partial class NamedFileTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public static TheoryData<string, string, string> Unreadable => new()
    {
        { "nope", "does not exist", "look where you keep it" },
        { "no/such/folder/file", "does not exist", "look where you keep it" },
        { "folder", "cannot be read: it is a folder", "name the file in it" },
        { "long", "is longer than 1 MiB", "name the right file" },
    };

    [Theory]
    [MemberData(nameof(Unreadable))]
    public void What_cannot_be_read_is_told_by_its_cause(string name, string words, string hint)
    {
        Directory.CreateDirectory(folder["folder"]);
        File.WriteAllBytes(folder["long"], new byte[(1 << 20) + 1]);

        var failure = Assert.Throws<NesteggException>(() => NamedFile.Read(folder[name], "the signing key", "look where you keep it"));

        Assert.Equal(($"the signing key {folder[name]} {words}", hint), (failure.Message, failure.Hint));
    }

    [Fact]
    [UnsupportedOSPlatform("windows")]
    public void A_file_behind_a_closed_door_is_not_called_absent()
    {
        File.WriteAllText(folder["key"], "secret");
        File.SetUnixFileMode(folder["key"], UnixFileMode.None);

        var failure = AsOrdinaryUser(() => Assert.Throws<NesteggException>(() => NamedFile.TryRead(folder["key"], "the signing key")));

        Assert.Equal(($"the signing key {folder["key"]} cannot be read: permission denied", "run as the user that it belongs to"),
            (failure.Message, failure.Hint));
    }

    [Fact]
    public void The_mark_of_an_encoding_is_no_part_of_the_text()
    {
        File.WriteAllText(folder["key"], "käse", System.Text.Encoding.Unicode);
        Assert.Equal("käse"u8.ToArray(), NamedFile.TryRead(folder["key"], "the signing key"));
        Assert.Null(NamedFile.TryRead(folder["nope"], "the signing key"));
    }

    public void Dispose() => folder.Dispose();

    // Root opens every door. Of this one thread, whose files are then somebody else's, that is taken away.
    private static NesteggException AsOrdinaryUser(Func<NesteggException> work)
    {
        const uint nobody = 65534;
        var before = SetFileUser(nobody);
        try
        {
            return work();
        }
        finally
        {
            _ = SetFileUser(before);
        }
    }

    [LibraryImport("libc", EntryPoint = "setfsuid")]
    private static partial uint SetFileUser(uint user);
}

using Nestegg.TestKit;

namespace Nestegg.Tests;

public sealed class OutputFileTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => folder.Dispose();

    [Fact]
    public void What_cannot_be_written_is_told_by_its_cause_before_the_work()
    {
        Directory.CreateDirectory(folder["folder"]);
        File.WriteAllText(folder["file"], "");
        (string Path, string Words, string Hint)[] refused =
        [
            (folder["folder"], "it is a folder", "name a file in it"),
            (folder["no/report"], $"the folder {folder["no"]} does not exist", "make the folder, or name another place"),
            (folder["file/report"], $"the folder {folder["file"]} does not exist", "make the folder, or name another place"),
            ("/dev/full", "the disk is full", "make room, or name a place on another disk"),
        ];
        foreach (var (path, words, hint) in refused)
        {
            var failure = Assert.Throws<NesteggException>(() => OutputFile.Open(path, "the report"));
            Assert.Equal(
                (FailureKind.BadInput, $"the report {path} cannot be written: {words}", hint),
                (failure.Kind, failure.Message, failure.Hint));
        }
    }

    [Fact]
    public void What_lay_there_stays_until_something_takes_its_place_and_nothing_is_left_of_what_got_no_text()
    {
        File.WriteAllText(folder["old"], "a report that was longer");
        OutputFile.Open(folder["old"], "the report").Dispose();
        OutputFile.Open(folder["new"], "the report").Dispose();
        Assert.Equal("a report that was longer", File.ReadAllText(folder["old"]));
        Assert.False(File.Exists(folder["new"]));

        foreach (var path in new[] { folder["old"], folder["new"] })
        {
            using (var file = OutputFile.Open(path, "the report"))
            {
                file.Write("ä ");
                file.Write("report");
            }

            Assert.Equal("ä report", File.ReadAllText(path));
        }
    }

    [Fact]
    public async Task A_disk_that_is_full_is_known_at_once_and_one_that_fills_up_costs_nothing_but_the_file()
    {
        await using var disk = await SmallDisk.TryMountAsync("size=256k", Token);
        Assert.SkipUnless(disk is not null, "mounting is not allowed here");
        using var file = OutputFile.Open(Path.Combine(disk.Path, "first"), "the report");
        file.Write("begun");
        disk.Fill();

        var failure = Assert.Throws<NesteggException>(() => OutputFile.Open(Path.Combine(disk.Path, "second"), "the report"));
        Assert.EndsWith("second cannot be written: the disk is full", failure.Message);
        Assert.False(File.Exists(Path.Combine(disk.Path, "second")));
        file.Write(new string('x', 100_000));
        file.Write("more");
        Assert.Equal("the disk is full", file.Loss);
    }
}

using System.Text;
using Nestegg.Ente;
using Nestegg.Ente.Api;
using Nestegg.Ente.Cryptography;
using Nestegg.Export;
using Nestegg.TestKit;

namespace Nestegg.Tests.Export;

/// <summary>What a target folder, its file system and other people who write into it may do to an export.</summary>
public sealed class TargetFolderTests : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly SyntheticLibrary library = new();

    public TargetFolderTests()
    {
        library.AddAlbum(1, "A");
        library.AddFile(1, Metadata("a.jpg", "one"), "one"u8.ToArray(), 1);
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private string Target => folder["target"];

    public void Dispose()
    {
        library.Dispose();
        folder.Dispose();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_album_s_folder_that_became_a_link_is_not_followed(bool wasExportedBefore)
    {
        if (wasExportedBefore)
        {
            await ExportAsync();
            Directory.Delete(Path.Combine(Target, "A"), recursive: true);
        }

        Directory.CreateDirectory(folder["elsewhere"]);
        Directory.CreateDirectory(Target);
        Directory.CreateSymbolicLink(Path.Combine(Target, "A"), folder["elsewhere"]);

        await ExportAsync();

        Assert.Empty(Directory.GetFileSystemEntries(folder["elsewhere"]));
        Assert.Equal("one", await File.ReadAllTextAsync(Path.Combine(Target, "A_1", "a.jpg"), Token));
    }

    [Theory]
    [InlineData(".nestegg")]
    [InlineData("A/.meta")]
    public async Task A_link_in_the_place_of_our_own_folders_is_refused(string place)
    {
        await ExportAsync();
        Directory.Delete(Path.Combine(Target, place), recursive: true);
        Directory.CreateDirectory(folder["elsewhere"]);
        Directory.CreateSymbolicLink(Path.Combine(Target, place), folder["elsewhere"]);

        var refused = await Assert.ThrowsAsync<NesteggException>(ExportAsync);

        Assert.Equal(
            (FailureKind.BadInput, $"{Path.Combine(Target, place)} is a link, which an export does not follow"),
            (refused.Kind, refused.Message));
        Assert.Empty(Directory.GetFileSystemEntries(folder["elsewhere"]));
    }

    [Fact]
    public async Task A_file_that_became_a_link_is_left_alone_and_what_it_leads_to_is_not_written()
    {
        await ExportAsync();
        var path = Path.Combine(Target, "A", "a.jpg");
        File.Delete(path);
        File.CreateSymbolicLink(path, folder["not there"]);

        await ExportAsync();

        Assert.False(File.Exists(folder["not there"]));
        Assert.Contains("one", Directory.GetFiles(Path.Combine(Target, "A"), "a*").Where(file => new FileInfo(file).LinkTarget is null)
            .Select(File.ReadAllText));
    }

    [Theory]
    [InlineData("A/a.jpg")]
    [InlineData("A/.meta/album_meta.json")]
    [InlineData("A/.meta/a.jpg.json")]
    public async Task A_pipe_in_the_folder_keeps_nobody_waiting(string place)
    {
        await ExportAsync();
        var path = Path.Combine(Target, place);
        Assert.True(File.Exists(path), string.Join('\n', Directory.GetFiles(Target, "*", SearchOption.AllDirectories)));
        File.Delete(path);
        await ExternalProgram.RunAsync("mkfifo", [path], Token);
        await ExportAsync();
        var exported = Directory.GetFiles(Path.Combine(Target, "A"), "a*.jpg").Where(file => new FileInfo(file).Length > 0);
        Assert.Equal("one", await File.ReadAllTextAsync(Assert.Single(exported), Token));
    }

    [Fact]
    public async Task A_full_disk_ends_the_export_and_the_next_run_goes_on()
    {
        await using var disk = await SmallDisk.TryMountAsync("size=1m", Token);
        Assert.SkipUnless(disk is not null, "mounting is not allowed here");
        for (var id = 2; id < 12; id++)
        {
            var text = new string((char)('a' + id), 150_000);
            library.AddFile(id, Metadata($"{id}.jpg", text), Encoding.UTF8.GetBytes(text), 1);
        }

        var full = await Assert.ThrowsAsync<NesteggException>(() => library.ExportAsync(disk.Path, new ExportOptions(), Token));
        Assert.Equal(FailureKind.OutOfReach, full.Kind);
        Assert.Matches("^the export folder cannot be written: (.*: )?the disk is full$", full.Message);

        await disk.RemountAsync("size=8m", Token);
        var summary = await library.ExportAsync(disk.Path, new ExportOptions(), Token);
        Assert.Equal((11, 0), (summary.Files, summary.Failed));
        Assert.Equal(11, Directory.GetFiles(Path.Combine(disk.Path, "A")).Length);
    }

    [Fact]
    public async Task A_read_only_folder_is_told_so()
    {
        await using var disk = await SmallDisk.TryMountAsync("size=8m", Token);
        Assert.SkipUnless(disk is not null, "mounting is not allowed here");
        await library.ExportAsync(disk.Path, new ExportOptions(), Token);
        await disk.RemountAsync("ro", Token);

        var refused = await Assert.ThrowsAsync<NesteggException>(() => library.ExportAsync(disk.Path, new ExportOptions(), Token));

        Assert.Equal(FailureKind.OutOfReach, refused.Kind);
        Assert.Matches("^the export folder cannot be written: /.*: the file system is read-only$", refused.Message);
    }

    [Fact]
    public async Task Two_exports_into_one_folder_at_once_are_told_apart()
    {
        using var held = ExportFolder.Open(Target, new ExportOptions(), TimeProvider.System);
        var refused = await Assert.ThrowsAsync<NesteggException>(ExportAsync);
        Assert.Equal((FailureKind.Locked, $"another export is writing into {Target}"), (refused.Kind, refused.Message));
    }

    [Fact]
    public async Task Where_a_second_name_cannot_be_given_a_copy_is_made()
    {
        await using var disk = await SmallDisk.TryMountAsync("size=1m", Token);
        Assert.SkipUnless(disk is not null, "mounting is not allowed here");
        using var folder = ExportFolder.Open(Target, new ExportOptions(), TimeProvider.System);
        var (existing, copy) = (Path.Combine(Target, "a"), Path.Combine(disk.Path, "a"));
        await File.WriteAllTextAsync(existing, "one", Token);
        File.SetLastWriteTimeUtc(existing, DateTime.UnixEpoch);

        folder.Link(existing, copy, copy: false);

        Assert.Equal(("one", DateTime.UnixEpoch), (await File.ReadAllTextAsync(copy, Token), File.GetLastWriteTimeUtc(copy)));
    }

    [Fact]
    public async Task On_exFAT_names_are_mended_and_copies_are_made()
    {
        await using var disk = await SmallDisk.TryMountExFatAsync(Token);
        Assert.SkipUnless(disk is not null, "exFAT cannot be mounted here");
        library.AddAlbum(2, "a");
        library.AddAlbum(3, "Rome? 2024 <3");
        library.AddFile(2, Metadata("12:30 *.jpg", "two"), "two"u8.ToArray(), 2, 3);

        var summary = await library.ExportAsync(disk.Path, new ExportOptions(), Token);
        var again = await library.ExportAsync(disk.Path, new ExportOptions(), Token);

        Assert.Equal((2, 0, 0), (summary.Files, summary.Failed, again.Written));
        string[] expected = ["A/a.jpg", "Rome_ 2024 _3/12_30 _.jpg", "a_1/12_30 _.jpg"];
        Assert.Equal(expected, Directory.GetFiles(disk.Path, "*.jpg", SearchOption.AllDirectories)
            .Select(path => Path.GetRelativePath(disk.Path, path)).Order(StringComparer.Ordinal));
        Assert.All(expected[1..], path => Assert.Equal("two", File.ReadAllText(Path.Combine(disk.Path, path))));
    }

    [Fact]
    public void Names_fit_file_systems_with_shorter_ones()
    {
        var names = new ExportName(ForWindows: false) { MaxBytes = ExportName.FewestBytes };
        var name = names.Numbered(new string('é', 200), ".jpg", 1, Sidecar.Extension.Length);
        Assert.EndsWith("é_1.jpg", name);
        Assert.InRange(Encoding.UTF8.GetByteCount(name + Sidecar.Extension), ExportName.FewestBytes - 1, ExportName.FewestBytes);
    }

    [Fact]
    public async Task What_the_options_leave_out_is_not_taken_for_removed()
    {
        await ExportAsync();
        var from = new ExportOptions { MoveRemoved = true, From = DateTimeOffset.UtcNow };
        var summary = await library.ExportAsync(Target, from, Token);
        Assert.Equal((0, 0, 0), (summary.Files, summary.MovedAside, summary.RemovedUpstream));
        Assert.True(File.Exists(Path.Combine(Target, "A", "a.jpg")));
    }

    [Fact]
    public async Task An_album_s_name_that_was_typed_wrong_is_told()
    {
        var summary = await library.ExportAsync(Target, new ExportOptions { Albums = [" a ", "Sumer"] }, Token);
        Assert.Equal(("album-unknown", "Sumer", false), (Assert.Single(
            summary.Log.Findings).Code, summary.Log.Findings[0].Subject, summary.IsComplete));
        Assert.Equal(1, summary.Written);
    }

    [Fact]
    public async Task Sidecars_that_nobody_could_have_written_are_no_obstacle()
    {
        await ExportAsync();
        File.Delete(Path.Combine(Target, ".nestegg", "export.db"));
        string[] sidecars = [
            """{"title":"\ud800","info":{"id":9,"fileNames":["\udc00","../a.jpg",5]}}""",
            "[]", "{", """{"title":5,"info":{"id":"1","fileNames":{}}}""", "\0"
        ];
        for (var i = 0; i < sidecars.Length; i++)
        {
            await File.WriteAllTextAsync(Path.Combine(Target, "A", ".meta", $"odd{i}.json"), sidecars[i], Token);
        }

        Assert.Equal((1, true), (await ExportAsync() is var summary ? summary.Kept : 0, summary.IsComplete));
    }

    [Fact]
    public async Task A_sidecar_that_claims_more_names_than_a_file_can_have_is_no_obstacle()
    {
        await ExportAsync();
        File.Delete(Path.Combine(Target, ".nestegg", "export.db"));
        foreach (var name in (string[])["b.jpg", "c.jpg"])
        {
            await File.WriteAllTextAsync(Path.Combine(Target, "A", name), name, Token);
        }

        const string sidecar = """{"title":"a.jpg","info":{"id":1,"fileNames":["a.jpg","b.jpg","c.jpg"]}}""";
        await File.WriteAllTextAsync(Path.Combine(Target, "A", ".meta", "a.jpg.json"), sidecar, Token);

        Assert.True((await ExportAsync()).IsComplete);
        Assert.Equal(
            ("one", "c.jpg"),
            (await File.ReadAllTextAsync(
                Path.Combine(Target, "A", "a.jpg"), Token), await File.ReadAllTextAsync(Path.Combine(Target, "A", "c.jpg"), Token)));
    }

    [Fact]
    public async Task A_session_that_was_ended_ends_the_export()
    {
        library.Failure = new MuseumException("museum has ended the session", "start again") { IsSignedOut = true };
        var ended = await Assert.ThrowsAsync<NesteggException>(ExportAsync);
        Assert.Equal((FailureKind.OutOfReach, library.Failure), (ended.Kind, ended.InnerException));
    }

    [Fact]
    public async Task Odd_files_are_told_in_every_run_and_what_is_whole_all_the_same_is_a_note()
    {
        library.AddFile(2, """{"title":"odd.bin","fileType":99,"creationTime":1}""", "two"u8.ToArray(), 1);
        foreach (var run in (string[])["first", "second"])
        {
            var summary = await ExportAsync();
            Assert.Equal((run, "type-unknown", false), (run, Assert.Single(summary.Log.Findings).Code, summary.IsComplete));
        }

        library.AddFile(2, """{"title":"odd.bin","fileType":0,"creationTime":1,"hash":"none"}""", "two"u8.ToArray(), 1);
        var noted = await ExportAsync();
        Assert.Equal(("hash-unreadable", Severity.Note, true), (Assert.Single(
            noted.Log.Findings).Code, noted.Log.Findings[0].Severity, noted.IsComplete));
    }

    [Theory]
    [InlineData(typeof(EnteException))]
    [InlineData(typeof(InvalidOperationException))]
    [InlineData(typeof(OperationCanceledException))]
    public async Task A_source_that_fails_in_the_middle_leaves_no_plaintext_behind(Type kind)
    {
        var video = new byte[9_000_000];
        using var library = new SyntheticLibrary();
        library.AddAlbum(1, "A");
        library.AddFile(2, Metadata("failing.mp4", video), video, 1);
        library.AddFile(3, Metadata("whole.mp4", video), video, 1);
        var seen = new Dictionary<long, int>();
        using var cancellation = CancellationTokenSource.CreateLinkedTokenSource(Token);
        library.InTheMiddle = id =>
        {
            seen[id] = TemporaryFiles().Length;
            if (id == 2)
            {
                if (kind == typeof(OperationCanceledException))
                {
                    cancellation.Cancel();
                }

                throw kind == typeof(EnteException)
                    ? new EnteException("taken away", "look for it")
                    : (Exception)Activator.CreateInstance(kind)!;
            }
        };
        var end = await Record.ExceptionAsync(() => library.ExportAsync(Target, new ExportOptions { Parallel = 1 }, cancellation.Token));

        Assert.Equal(1, seen[2]);
        Assert.Empty(TemporaryFiles());
        if (kind == typeof(EnteException))
        {
            // One file that cannot be read does not end the export, and what was written of it is gone before the next is begun.
            Assert.Equal((null, 1), (end, seen[3]));
            Assert.Equal(["whole.mp4"], Directory.GetFiles(Path.Combine(Target, "A")).Select(Path.GetFileName));
        }
        else
        {
            Assert.IsType(kind, end, exactMatch: false);
        }
    }

    [Fact]
    public void A_folder_that_vanished_is_never_made_anew()
    {
        using (var folder = ExportFolder.Open(Target, new ExportOptions(), TimeProvider.System))
        {
            File.WriteAllText(folder.NewFile(), "plaintext");
            Directory.Move(Target, this.folder["elsewhere"]);
            Assert.Throws<DirectoryNotFoundException>(() => folder.MakeFolder(Path.Combine(Target, "A")));
            Assert.Throws<DirectoryNotFoundException>(() => folder.MoveAside(Path.Combine(Target, "A", "a.jpg")));
        }

        Assert.False(Directory.Exists(Target));
    }

    [Fact]
    public async Task A_disk_that_is_taken_away_in_the_middle_ends_the_export_with_its_name_and_is_not_made_anew()
    {
        library.AddAlbum(2, "B");
        library.AddFile(2, Metadata("b.jpg", "two"), "two"u8.ToArray(), 2);
        library.InTheMiddle = _ =>
        {
            if (Directory.Exists(Target))
            {
                Directory.Move(Target, folder["elsewhere"]);
            }
        };
        var failure = await Assert.ThrowsAsync<NesteggException>(ExportAsync);
        Assert.StartsWith("the export folder cannot be written: ", failure.Message, StringComparison.Ordinal);
        Assert.Contains(Target, failure.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Target));
    }

    private string[] TemporaryFiles() => Directory.GetFiles(Path.Combine(Target, ".nestegg", "tmp"));

    private Task<ExportSummary> ExportAsync() => library.ExportAsync(Target, new ExportOptions(), Token);

    private static string Metadata(string title, string content) => Metadata(title, Encoding.UTF8.GetBytes(content));

    private static string Metadata(string title, byte[] content) =>
        $$"""{"title":"{{title}}","fileType":0,"creationTime":1600000000000000,"modificationTime":1600000001000000,"hash":"{{Convert.ToBase64String(Blake2b.Hash(content))}}"}""";
}

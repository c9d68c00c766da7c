using System.IO.Compression;
using System.Text;
using System.Text.Json;
using CsCheck;
using Nestegg.Ente.Cryptography;
using Nestegg.Ente.Scratch;
using Nestegg.Export;
using Nestegg.TestKit;

namespace Nestegg.Tests.Export;

/// <summary>
/// What other people's apps, old apps and nobody's app may have written: everything ends up inside the target, and nothing stops the rest.
/// </summary>
public sealed class HostileExportTests : IDisposable
{
    private static readonly string[] Titles =
    [
        "../../x.jpg", "/etc/passwd", "..", ".", "", "con.jpg", "a\\b\\..\\c.jpg",
        "\u202Egpj.exe", "new\nline.jpg", "nul\0.jpg", "x.jpg", "X.JPG", "x.jpg ", ".meta", "album_meta", "🎉🎉.jpg", ".nestegg",
    ];

    private readonly TemporaryFolder folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Any_names_of_albums_and_files_stay_inside_the_target_and_lose_nothing()
    {
        var names = Gen.OneOf(Gen.Int[0, Titles.Length - 1].Select(
            i => Titles[i]), Gen.String, Gen.Int[0, Titles.Length - 1].Select(i => Titles[i] + new string('y', 5000) + ".jpg"));
        var run = 0;
        await Gen.Select(names.Array[1, 4], names.Array[1, 8]).SampleAsync(async (albums, files) =>
        {
            var root = folder[$"run{run++}"];
            using var library = new SyntheticLibrary();
            for (var i = 0; i < albums.Length; i++)
            {
                library.AddAlbum(i + 1, albums[i]);
            }

            for (var i = 0; i < files.Length; i++)
            {
                var content = Encoding.UTF8.GetBytes($"content {i}");
                library.AddFile(i + 1, Metadata(files[i], content), content, [
                    .. Enumerable.Range(1, albums.Length).Select(album => (long)album).Where(album => album == 1 || i % album == 0)
                ]);
            }

            var summary = await library.ExportAsync(Path.Combine(root, "target"), new ExportOptions(), Token);

            Assert.Equal(files.Length, summary.Written);
            Assert.Equal([Path.Combine(root, "target")], Directory.GetFileSystemEntries(root));
            var written = Contents(Path.Combine(root, "target")).ToHashSet();
            Assert.All(Enumerable.Range(0, files.Length), i => Assert.Contains($"content {i}", written));
            var again = await library.ExportAsync(Path.Combine(root, "target"), new ExportOptions(), Token);
            Assert.Equal((0, files.Length), (again.Written, again.Kept));
            Directory.Delete(root, recursive: true);
        }, iter: 60, threads: 1);
    }

    [Theory]
    [InlineData("../elsewhere")]
    [InlineData("Locker/../../elsewhere")]
    [InlineData("/elsewhere")]
    public async Task A_record_that_names_a_folder_outside_the_target_is_refused(string hostile)
    {
        var root = folder["hostile"];
        var target = Path.Combine(root, "target");
        using var library = new SyntheticLibrary();
        library.AddAlbum(1, "Album");
        await library.ExportAsync(target, new ExportOptions(), Token);
        using (var record = SqliteFile.OpenDurable(Path.Combine(target, ".nestegg", "export.db"), failure => failure))
        {
            record.Run("UPDATE albums SET folder = ? WHERE album = 1", hostile);
        }

        var failure = await Assert.ThrowsAsync<NesteggException>(() => library.ExportAsync(target, new ExportOptions(), Token));

        Assert.Contains("leads out of the export", failure.Message, StringComparison.Ordinal);
        Assert.Equal([target], Directory.GetFileSystemEntries(root));
        File.Delete(Path.Combine(target, ".nestegg", "export.db"));
        await library.ExportAsync(target, new ExportOptions(), Token);
        Assert.True(Directory.Exists(Path.Combine(target, "Album")));
    }

    [Fact]
    public async Task What_somebody_put_in_a_files_place_is_moved_aside_and_stops_nothing()
    {
        var target = folder["replaced"];
        using var library = new SyntheticLibrary();
        library.AddAlbum(1, "Album");
        library.AddFile(1, Metadata("a.jpg", "one"u8.ToArray()), "one"u8.ToArray(), [1]);
        library.AddFile(2, Metadata("b.jpg", "two"u8.ToArray()), "two"u8.ToArray(), [1]);
        await library.ExportAsync(target, new ExportOptions(), Token);
        foreach (var path in Directory.GetFiles(target, "*a.jpg*", SearchOption.AllDirectories))
        {
            File.Delete(path);
            Directory.CreateDirectory(path);
            await File.WriteAllTextAsync(Path.Combine(path, "inside"), "somebody's", Token);
        }

        await library.ExportAsync(target, new ExportOptions(), Token);

        Assert.Equal("one", await File.ReadAllTextAsync(Path.Combine(target, "Album", "a.jpg"), Token));
        Assert.NotEmpty(Directory.GetFiles(Path.Combine(target, "Removed"), "inside", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task A_record_that_is_no_file_is_told_by_name()
    {
        var target = folder["strange"];
        using var library = new SyntheticLibrary();
        library.AddAlbum(1, "Album");
        await library.ExportAsync(target, new ExportOptions(), Token);
        var record = Path.Combine(target, ".nestegg", "export.db");
        File.Delete(record);
        using (var made = System.Diagnostics.Process.Start("mkfifo", [record]))
        {
            await made.WaitForExitAsync(Token);
        }

        var failure = await Assert.ThrowsAsync<NesteggException>(() => library.ExportAsync(target, new ExportOptions(), Token));

        Assert.Contains($"{record} of the export is no file", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Metadata_of_wrong_types_is_exported_and_listed()
    {
        using var library = new SyntheticLibrary();
        library.AddAlbum(1, "Odd");
        string[] metadata =
        [
            """{"title":5,"fileType":"image","creationTime":"yesterday","latitude":"x","hash":7}""",
            "{}", """{"title":"unknown.bin","fileType":127,"creationTime":1e30}""",
            """{"title":"old.jpg","fileType":0,"creationTime":1.6e15,"modificationTime":null,"latitude":"1.5","longitude":"2.5"}""",
            "[]", "not JSON",
        ];
        for (var i = 0; i < metadata.Length; i++)
        {
            library.AddFile(i + 1, metadata[i], Encoding.UTF8.GetBytes($"content {i}"), 1);
        }

        var summary = await library.ExportAsync(folder["target"], new ExportOptions { Xmp = true }, Token);

        Assert.Equal((metadata.Length, false), (summary.Written, summary.IsComplete));
        var written = Contents(folder["target"]).ToHashSet();
        Assert.All(Enumerable.Range(0, metadata.Length), i => Assert.Contains($"content {i}", written));
        Assert.Contains(summary.Log.Findings, finding => finding.Code == "type-unknown" && finding.Subject.Contains("unknown.bin"));
        Assert.Contains(summary.Log.Findings, finding => finding.Code == "hash-unreadable");
        Assert.DoesNotContain(summary.Log.Findings, finding => finding.Subject.Contains("old.jpg"));
        Assert.True(File.Exists(Path.Combine(folder["target"], "Odd", "file_2")));
    }

    [Fact]
    public async Task A_wrong_hash_is_not_written_and_the_rest_is()
    {
        using var library = new SyntheticLibrary();
        library.AddAlbum(1, "A");
        library.AddFile(1, Metadata("bad.jpg", "something else"u8), "content"u8.ToArray(), 1);
        library.AddFile(2, Metadata("good.jpg", "content"u8), "content"u8.ToArray(), 1);

        var summary = await library.ExportAsync(folder["target"], new ExportOptions(), Token);

        Assert.Equal("hash-mismatch", Assert.Single(summary.Log.Findings).Code);
        Assert.Equal(["good.jpg"], Directory.GetFiles(Path.Combine(folder["target"], "A")).Select(Path.GetFileName));
        Assert.Empty(Directory.GetFiles(Path.Combine(folder["target"], ".nestegg", "tmp")));
    }

    [Theory]
    [InlineData("../../image.jpg", "/etc/video.mov", "L.jpg", "L.mov")]
    [InlineData("x/image", "video", "L", "L_video")]
    [InlineData("image.jpg", "video.JPG", "L.jpg", "L_video.JPG")]
    public async Task Live_photos_of_hostile_entry_names_stay_inside(string image, string video, string imageName, string videoName)
    {
        using var library = new SyntheticLibrary();
        library.AddAlbum(1, "A");
        library.AddFile(1, """{"title":"L.HEIC","fileType":2,"creationTime":1}""", Zip((image, "stands"), (video, "moves")), 1);

        await library.ExportAsync(folder["target"], new ExportOptions(), Token);

        var names = Directory.GetFiles(Path.Combine(folder["target"], "A")).Select(path => Path.GetFileName(path)!).ToList();
        Assert.Equal(2, names.Count);
        Assert.Equal([imageName, videoName], names.Order(StringComparer.Ordinal));
        Assert.Equal(["moves", "stands"], names.Select(name => File.ReadAllText(Path.Combine(folder["target"], "A", name)))
            .Order(StringComparer.Ordinal));
        Assert.Equal([folder["target"]], Directory.GetFileSystemEntries(folder.Path));

        library.AddAlbum(2, "B");
        library.AddFile(2, Metadata("L.HEIC", "one"u8), "one"u8.ToArray(), 1, 2);
        Assert.Equal(1, (await library.ExportAsync(folder["target"], new ExportOptions(), Token)).Kept);
    }

    [Fact]
    public async Task A_live_photo_that_is_no_zip_is_kept_whole_and_stays_so()
    {
        using var library = new SyntheticLibrary();
        library.AddAlbum(1, "A");
        library.AddFile(1, """{"title":"L.HEIC","fileType":2,"creationTime":1}""", "PK no zip at all"u8.ToArray(), 1);

        var summary = await library.ExportAsync(folder["target"], new ExportOptions(), Token);
        Assert.Equal("live-photo-kept-whole", Assert.Single(summary.Log.Findings).Code);
        Assert.Equal("PK no zip at all", await File.ReadAllTextAsync(Path.Combine(folder["target"], "A", "L.zip"), Token));
        Assert.Equal(1, (await library.ExportAsync(folder["target"], new ExportOptions(), Token)).Kept);
    }

    [Fact]
    public async Task Albums_that_differ_only_in_case_get_folders_of_their_own_and_follow_new_names()
    {
        using var library = new SyntheticLibrary();
        library.AddAlbum(1, "Summer");
        library.AddAlbum(2, "SUMMER");
        library.AddFile(1, Metadata("a.jpg", "one"u8), "one"u8.ToArray(), 1, 2);
        await library.ExportAsync(folder["target"], new ExportOptions(), Token);
        Assert.True(File.Exists(Path.Combine(folder["target"], "Summer", "a.jpg")));
        Assert.True(File.Exists(Path.Combine(folder["target"], "SUMMER_1", "a.jpg")));

        library.RenameAlbum(2, "Winter");
        library.AddFile(2, Metadata("b.jpg", "two"u8), "two"u8.ToArray(), 2);
        var summary = await library.ExportAsync(folder["target"], new ExportOptions(), Token);

        Assert.Equal((1, 1), (summary.Written, summary.Renamed));
        Assert.False(Directory.Exists(Path.Combine(folder["target"], "SUMMER_1")));
        Assert.Equal(["a.jpg", "b.jpg"], Directory.GetFiles(Path.Combine(folder["target"], "Winter")).Select(Path.GetFileName).Order());
    }

    [Fact]
    public async Task New_content_of_a_file_takes_its_place_and_the_old_is_kept_aside()
    {
        using var library = new SyntheticLibrary();
        library.AddAlbum(1, "A");
        library.AddAlbum(2, "B");
        library.AddFile(1, Metadata("a.jpg", "old"u8), "old"u8.ToArray(), 1, 2);
        await library.ExportAsync(folder["target"], new ExportOptions(), Token);
        library.AddFile(1, Metadata("a.jpg", "new"u8), "new"u8.ToArray(), 1, 2);

        await library.ExportAsync(folder["target"], new ExportOptions(), Token);

        Assert.Equal("new", await File.ReadAllTextAsync(Path.Combine(folder["target"], "A", "a.jpg"), Token));
        Assert.Equal("new", await File.ReadAllTextAsync(Path.Combine(folder["target"], "B", "a.jpg"), Token));
        Assert.Equal(2, Contents(Path.Combine(folder["target"], "Removed")).Count(text => text == "old"));
    }

    [Fact]
    public async Task A_folder_and_files_of_somebody_else_are_left_alone()
    {
        Directory.CreateDirectory(Path.Combine(folder["target"], "A"));
        await File.WriteAllTextAsync(Path.Combine(folder["target"], "A", "a.jpg"), "mine", Token);
        using var library = new SyntheticLibrary();
        library.AddAlbum(1, "A");
        library.AddFile(1, Metadata("a.jpg", "theirs"u8), "theirs"u8.ToArray(), 1);

        await library.ExportAsync(folder["target"], new ExportOptions(), Token);

        Assert.Equal("mine", await File.ReadAllTextAsync(Path.Combine(folder["target"], "A", "a.jpg"), Token));
        Assert.Equal("theirs", await File.ReadAllTextAsync(Path.Combine(folder["target"], "A_1", "a.jpg"), Token));
    }

    [Theory]
    [InlineData("A")]
    [InlineData("A/.meta")]
    public async Task A_folder_that_a_killed_run_made_and_left_empty_is_taken(string left)
    {
        Directory.CreateDirectory(Path.Combine(folder["target"], left));
        using var library = new SyntheticLibrary();
        library.AddAlbum(1, "A");
        library.AddFile(1, Metadata("a.jpg", "new"u8), "new"u8.ToArray(), 1);

        await library.ExportAsync(folder["target"], new ExportOptions(), Token);

        Assert.Equal("new", await File.ReadAllTextAsync(Path.Combine(folder["target"], "A", "a.jpg"), Token));
    }

    private static IEnumerable<string> Contents(string root) =>
        Directory.EnumerateFiles(root, "*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = 0 })
            .Select(File.ReadAllText);

    private static string Metadata(string title, ReadOnlySpan<byte> content) =>
        $$"""{"title":{{JsonSerializer.Serialize(title)}},"fileType":0,"creationTime":1600000000000000,"modificationTime":1600000001000000,"hash":"{{Convert.ToBase64String(Blake2b.Hash(content))}}"}""";

    private static byte[] Zip(params (string Name, string Text)[] entries)
    {
        using var buffer = new MemoryStream();
        using (var zip = new ZipArchive(buffer, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach (var (name, text) in entries)
            {
                using var entry = zip.CreateEntry(name).Open();
                entry.Write(Encoding.UTF8.GetBytes(text));
            }
        }

        return buffer.ToArray();
    }
}

using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Nestegg.Ente.Database;
using Nestegg.Ente.Library;
using Nestegg.Export;
using Nestegg.TestKit;

namespace Nestegg.Tests.Export;

/// <summary>The recorded instance, exported from its dump and its objects, compared with what the official program and an independent reader wrote.</summary>
public sealed class FamilyExportTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private string Target => _folder["photos"];

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("t1", FamilyAccount.Alice, "alice")]
    [InlineData("t1", FamilyAccount.Bob, "bob")]
    [InlineData("t2", FamilyAccount.Alice, "alice")]
    [InlineData("t2", FamilyAccount.Bob, "bob")]
    public async Task Every_path_and_byte_is_the_official_program_s(string moment, string email, string folder)
    {
        var summary = await ExportAsync(moment, email, new ExportOptions());

        Assert.Empty(summary.Findings);
        Assert.Equal(ExitCode.Done, summary.ExitCode);
        var official = File.ReadLines(Path.Combine(FixtureFolder.Path, "official-cli", $"{moment}.tsv")).Skip(1).Select(line => line.Split('\t'))
            .Where(columns => columns[2].StartsWith(folder + "/", StringComparison.Ordinal))
            .Select(columns => $"{columns[2][(folder.Length + 1)..]} {columns[0]}").Order(StringComparer.Ordinal);
        Assert.Equal(official, Tree(Target).Where(line => !line.StartsWith("ente_auth", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Auth_codes_are_written_as_the_official_program_writes_them()
    {
        await ExportAsync("t2", FamilyAccount.Alice, new ExportOptions());
        Assert.Equal(
            await File.ReadAllTextAsync(Path.Combine(FixtureFolder.Path, "official-cli", "t2", "alice-auth", "ente_auth.txt"), Token),
            await File.ReadAllTextAsync(Path.Combine(Target, "ente_auth.txt"), Token));
    }

    [Theory]
    [InlineData("t1", FamilyAccount.Alice)]
    [InlineData("t1", FamilyAccount.Bob)]
    [InlineData("t2", FamilyAccount.Alice)]
    [InlineData("t2", FamilyAccount.Bob)]
    [InlineData("t1", FamilyAccount.Carol)]
    [InlineData("t2", FamilyAccount.Carol)]
    public async Task Everything_that_the_independent_reader_saw_is_there(string moment, string email)
    {
        await ExportAsync(moment, email, new ExportOptions());
        var expected = FamilyAccount.Of(moment, email).Expected;
        foreach (var app in (string[])["photos", "locker"])
        {
            foreach (var album in expected.TryGetProperty(app, out var albums) ? albums.EnumerateArray() : [])
            {
                var path = Directory.EnumerateFiles(Target, "album_meta.json", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = 0 })
                    .Select(file => Path.GetDirectoryName(Path.GetDirectoryName(file))!).Single(found => Id(found) == album.GetProperty("id").GetInt64());
                var files = album.GetProperty("files").EnumerateArray().ToList();
                var sidecars = Directory.GetFiles(Path.Combine(path, ".meta")).Where(file => Path.GetFileName(file) != "album_meta.json").Select(Read).ToList();
                Assert.Equal(files.Select(file => file.GetProperty("id").GetInt64()).Order(), sidecars.Select(FileId).Order());
                foreach (var file in files) Compare(file, sidecars.Single(found => FileId(found) == file.GetProperty("id").GetInt64()), path);
            }
        }
    }

    [Fact]
    public async Task A_second_run_fetches_nothing_and_changes_nothing()
    {
        await ExportAsync("t2", FamilyAccount.Alice, new ExportOptions { Xmp = true, Trash = true });
        var before = Tree(Target).ToList();

        var again = await ExportAsync("t2", FamilyAccount.Alice, new ExportOptions { Xmp = true, Trash = true });

        Assert.Equal(before, Tree(Target));
        Assert.Equal((0, again.Files), (again.Written, again.Kept));
        Assert.Contains(before, line => line.StartsWith("Trash/", StringComparison.Ordinal));
        Assert.Contains(before, line => line.StartsWith("Japan 2023/IMG_4001.JPG.xmp ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_lost_or_damaged_record_is_made_again_from_the_sidecars()
    {
        await ExportAsync("t1", FamilyAccount.Alice, new ExportOptions());
        var before = Tree(Target).ToList();
        await File.WriteAllTextAsync(Path.Combine(Target, ".nestegg", "export.db"), "no database at all, and longer than its header so that SQLite looks at it and says so, which takes a hundred bytes", Token);

        var again = await ExportAsync("t1", FamilyAccount.Alice, new ExportOptions());

        Assert.Equal(before, Tree(Target));
        Assert.Equal(0, again.Written);
    }

    [Fact]
    public async Task The_folder_follows_the_library_and_keeps_what_was_removed()
    {
        await ExportAsync("t1", FamilyAccount.Alice, new ExportOptions());
        var before = Tree(Target).ToList();

        var second = await ExportAsync("t2", FamilyAccount.Alice, new ExportOptions());

        Assert.Equal(4, second.Written);
        Assert.Equal(5, second.RemovedUpstream);
        Assert.Empty(before.Where(line => !line.Contains("/.meta/")).Except(Tree(Target)));
        Assert.True(File.Exists(Path.Combine(Target, "New Year 2025", "IMG_7000.JPG")));
    }

    [Fact]
    public async Task What_was_removed_moves_aside_when_asked()
    {
        await ExportAsync("t1", FamilyAccount.Alice, new ExportOptions());
        var before = Tree(Target).ToList();

        var second = await ExportAsync("t2", FamilyAccount.Alice, new ExportOptions { MoveRemoved = true });

        Assert.Equal(5, second.MovedAside);
        Assert.False(Directory.Exists(Path.Combine(Target, "Live")));
        var moved = Path.Combine(Target, "Removed", "2030-01-02");
        Assert.True(File.Exists(Path.Combine(moved, "Live", "IMG_5001.JPG")));
        Assert.True(File.Exists(Path.Combine(moved, "Odd names", ".meta", "UPPER.JPEG.json")));
        Assert.Empty(before.Select(Hash).Except(Tree(Target).Select(Hash)));
        var third = await ExportAsync("t2", FamilyAccount.Alice, new ExportOptions { MoveRemoved = true });
        Assert.Equal((0L, 0L), (third.MovedAside, third.Written));
    }

    [Fact]
    public async Task A_file_in_two_albums_is_written_once_unless_copies_are_asked_for()
    {
        var summary = await ExportAsync("t1", FamilyAccount.Alice, new ExportOptions { Albums = ["family", "JAPAN 2023 "] });
        Assert.Equal((2L, 2L), (summary.Albums, summary.Linked));
        await File.AppendAllTextAsync(Path.Combine(Target, "Family", "IMG_4008.JPG"), "x", Token);
        Assert.EndsWith("x", await File.ReadAllTextAsync(Path.Combine(Target, "Japan 2023", "IMG_4008.JPG"), Token));

        await ExportAsync("t1", FamilyAccount.Alice, new ExportOptions { Albums = ["Family", "Japan 2023"], Copies = true }, "copies");
        await File.AppendAllTextAsync(Path.Combine(_folder["copies"], "Family", "IMG_4008.JPG"), "x", Token);
        Assert.False((await File.ReadAllTextAsync(Path.Combine(_folder["copies"], "Japan 2023", "IMG_4008.JPG"), Token)).EndsWith('x'));
    }

    [Fact]
    public async Task A_file_that_somebody_changed_is_moved_aside_and_written_again()
    {
        await ExportAsync("t1", FamilyAccount.Bob, new ExportOptions());
        var before = Tree(Target).ToList();
        await File.WriteAllTextAsync(Path.Combine(Target, "Bob garden", "DSC_0100.JPG"), "edited by hand", Token);
        File.Delete(Path.Combine(Target, "Bob garden", "DSC_0101.JPG"));

        var again = await ExportAsync("t1", FamilyAccount.Bob, new ExportOptions());

        Assert.Equal(2, again.Written);
        Assert.Equal(before, Tree(Target).Where(line => !line.StartsWith("Removed/", StringComparison.Ordinal)));
        Assert.Equal("edited by hand", await File.ReadAllTextAsync(Path.Combine(Target, "Removed", "2030-01-02", "Bob garden", "DSC_0100.JPG"), Token));
    }

    [Fact]
    public async Task Filters_leave_out_what_they_say()
    {
        var summary = await ExportAsync("t1", FamilyAccount.Alice, new ExportOptions
        {
            Shared = false, Hidden = false, ExcludedAlbums = ["videos"], From = new DateTimeOffset(2023, 1, 1, 0, 0, 0, TimeSpan.Zero), Until = new DateTimeOffset(2024, 1, 1, 0, 0, 0, TimeSpan.Zero),
        });
        Assert.Empty(summary.Findings);
        Assert.False(Directory.Exists(Path.Combine(Target, ".hidden")));
        Assert.False(Directory.Exists(Path.Combine(Target, "Takeout")));
        Assert.False(Directory.Exists(Path.Combine(Target, "Videos")));
        Assert.True(File.Exists(Path.Combine(Target, "Japan 2023", "IMG_4001.JPG")));
        Assert.False(File.Exists(Path.Combine(Target, "Family", "photo 1.jpeg")));

        var bobs = await ExportAsync("t1", FamilyAccount.Alice, new ExportOptions { Owners = [FamilyAccount.Of("t1", FamilyAccount.Bob).UserId] }, "bobs");
        Assert.Equal(1, bobs.Files);
        Assert.True(File.Exists(Path.Combine(_folder["bobs"], "Family", "bob party 2.jpg")));
    }

    [Fact]
    public async Task Times_are_those_of_the_metadata()
    {
        await ExportAsync("t1", FamilyAccount.Bob, new ExportOptions { Albums = ["Bob garden"] });
        foreach (var sidecar in Directory.GetFiles(Path.Combine(Target, "Bob garden", ".meta")).Where(file => Path.GetFileName(file) != "album_meta.json").Select(Read))
        {
            var file = Path.Combine(Target, "Bob garden", sidecar.GetProperty("info").GetProperty("fileNames")[0].GetString()!);
            Assert.Equal(sidecar.GetProperty("modificationTime").GetDateTime(), File.GetLastWriteTimeUtc(file));
        }
    }

    [Fact]
    public async Task Missing_and_damaged_objects_are_listed_and_the_rest_is_written()
    {
        var bad = 0;
        var summary = await ExportAsync("t1", FamilyAccount.Bob, new ExportOptions(), content: new FixtureContent("t1")
        {
            Change = (file, bytes) => file.Id % 5 > 1 ? bytes : ++bad % 2 == 0 ? null : Damage(bytes),
        });

        Assert.Equal(bad, summary.Failed);
        Assert.Equal(bad, summary.Findings.Count);
        Assert.Equal(["object-damaged", "object-missing"], summary.Findings.Select(finding => finding.Code).Distinct().Order());
        Assert.Equal(summary.Files - bad, summary.Written);
        Assert.Equal(ExitCode.Incomplete, summary.ExitCode);

        var mended = await ExportAsync("t1", FamilyAccount.Bob, new ExportOptions());
        Assert.Equal((bad, ExitCode.Done), (mended.Written, mended.ExitCode));
    }

    [Fact]
    public async Task Another_account_s_folder_is_refused()
    {
        await ExportAsync("t1", FamilyAccount.Carol, new ExportOptions());
        var refused = await Assert.ThrowsAsync<NesteggException>(() => ExportAsync("t1", FamilyAccount.Bob, new ExportOptions()));
        Assert.Equal(ExitCode.BadInput, refused.ExitCode);
    }

    [Fact]
    public async Task Several_files_are_fetched_at_once()
    {
        var content = new FixtureContent("t1") { Delay = TimeSpan.FromMilliseconds(20) };
        await ExportAsync("t1", FamilyAccount.Bob, new ExportOptions { Parallel = 4 }, content: content);
        Assert.Equal(4, content.MostOpen);
    }

    private static byte[] Damage(byte[] bytes)
    {
        bytes[bytes.Length / 2] ^= 1;
        return bytes;
    }

    private async Task<ExportSummary> ExportAsync(string moment, string email, ExportOptions options, string? target = null, FixtureContent? content = null)
    {
        Assert.SkipUnless(FixtureFolder.IsPresent, FixtureFolder.SkipReason);
        await using var dump = File.OpenRead(FixtureFolder.Dump(moment));
        await using var database = await ArchiveDatabase.LoadAsync(dump, Token);
        var reader = await LibraryReader.OpenAsync(database.Connection, Token);
        var person = FamilyAccount.Of(moment, email);
        using var keys = await person.OpenAsync(reader, Token);
        var account = new ExportAccount(person.UserId, keys, reader, content ?? new FixtureContent(moment));
        return await Exporter.RunAsync(account, target is null ? Target : _folder[target], options, new FixedTime(), new Progress(), Token);
    }

    /// <summary>Every file with its hash, by path, without our own folder.</summary>
    private static IEnumerable<string> Tree(string root) =>
        Directory.EnumerateFiles(root, "*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = 0 })
            .Select(path => (Path.GetRelativePath(root, path), path)).Where(pair => !pair.Item1.StartsWith(".nestegg/", StringComparison.Ordinal))
            .Select(pair => $"{pair.Item1} {Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(pair.path)))}").Order(StringComparer.Ordinal);

    private static string Hash(string line) => line[^64..];

    private static void Compare(JsonElement expected, JsonElement sidecar, string folder)
    {
        var names = sidecar.GetProperty("info").GetProperty("fileNames").EnumerateArray().Select(name => name.GetString()!).ToList();
        if (expected.TryGetProperty("caption", out var caption)) Assert.Equal(caption.GetString(), sidecar.GetProperty("description").GetString());
        if (expected.TryGetProperty("info", out var info))
        {
            Assert.Equal($"{expected.GetProperty("name").GetString()}.json", Assert.Single(names));
            Assert.True(JsonElement.DeepEquals(info, Read(Path.Combine(folder, names[0]))));
            return;
        }

        Assert.Equal(expected.GetProperty("name").GetString(), sidecar.GetProperty("title").GetString());
        var hashes = names.Select(name => Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(Path.Combine(folder, name))))).ToList();
        var wanted = expected.TryGetProperty("parts", out var parts)
            ? parts.EnumerateObject().Select(part => part.Value.GetString()!).ToList()
            : [expected.GetProperty("sha256").GetString()!];
        Assert.Equal(wanted.Order(), hashes.Order());
    }

    private static long Id(string folder) => Read(Path.Combine(folder, ".meta", "album_meta.json")).GetProperty("id").GetInt64();

    private static long FileId(JsonElement sidecar) => sidecar.GetProperty("info").GetProperty("id").GetInt64();

    private static JsonElement Read(string path)
    {
        using var document = JsonDocument.Parse(File.ReadAllText(path, Encoding.UTF8));
        return document.RootElement.Clone();
    }

    private sealed class FixedTime : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => new(2030, 1, 2, 3, 4, 5, TimeSpan.Zero);
    }

    private sealed class Progress : IProgress<RunEvent>
    {
        public void Report(RunEvent value) => Assert.NotNull(value);
    }
}

/// <summary>The objects of the recorded instance, changed as a test likes.</summary>
internal sealed class FixtureContent(string moment) : IContentSource
{
    private readonly Dictionary<string, string> _paths = FixtureFolder.Objects(moment).ToDictionary(found => found.Key, found => found.FilePath);
    private int _open;

    /// <summary>Gives other bytes, or none.</summary>
    public Func<LibraryFile, byte[], byte[]?>? Change { get; init; }

    public TimeSpan Delay { get; init; }

    public int MostOpen { get; private set; }

    public async Task<Stream?> OpenAsync(LibraryFile file, CancellationToken cancellationToken)
    {
        lock (_paths) MostOpen = Math.Max(MostOpen, ++_open);
        await Task.Delay(Delay, cancellationToken);
        lock (_paths) _open--;
        var path = _paths[file.Content!.Value.Key];
        return Change is null ? File.OpenRead(path) : Change(file, await File.ReadAllBytesAsync(path, cancellationToken)) is { } bytes ? new MemoryStream(bytes) : null;
    }
}

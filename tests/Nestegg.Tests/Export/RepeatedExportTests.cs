using Nestegg.Ente.Library;
using Nestegg.Export;
using Nestegg.TestKit.Instances;

namespace Nestegg.Tests.Export;

/// <summary>What an export does with a folder that an earlier one has written.</summary>
public sealed class RepeatedExportTests(KnownInstances instances) : ExportedInstance(instances)
{
    private const string Aside = "Removed/2030-01-02/";

    [Theory]
    [InstanceData]
    public async Task A_second_run_fetches_nothing_and_changes_nothing(string name)
    {
        var (instance, _) = await ExportAsync(name, "t2", Role.Owner, new ExportOptions { Xmp = true, Trash = true });
        var before = Tree(Target).ToList();

        var (_, again) = await ExportAsync(name, "t2", Role.Owner, new ExportOptions { Xmp = true, Trash = true });

        Assert.Equal(before, Tree(Target));
        Assert.Equal((0, again.Files), (again.Written, again.Kept));
        Assert.Contains(before, line => line.StartsWith("Trash/", StringComparison.Ordinal));
        var picture = instance["t2"][Role.Owner].Export!.First(path => !path.Path.Contains("/.meta/"));
        Assert.Contains(before, line => line.StartsWith($"{picture.Path}.xmp ", StringComparison.Ordinal));
    }

    [Theory]
    [InstanceData]
    public async Task A_lost_or_damaged_record_is_made_again_from_the_sidecars(string name)
    {
        await ExportAsync(name, "t1", Role.Owner, new ExportOptions());
        var before = Tree(Target).ToList();
        await File.WriteAllTextAsync(Path.Combine(Target, ".nestegg", "export.db"),
            "no database at all, and longer than its header so that SQLite looks at it and says so, which takes a hundred bytes", Token);

        var (_, again) = await ExportAsync(name, "t1", Role.Owner, new ExportOptions());

        Assert.Equal(before, Tree(Target));
        Assert.Equal(0, again.Written);
    }

    [Theory]
    [InstanceData]
    public async Task The_folder_follows_the_library_and_keeps_what_was_removed(string name)
    {
        await ExportAsync(name, "t1", Role.Owner, new ExportOptions());

        var (instance, second) = await ExportAsync(name, "t2", Role.Owner, new ExportOptions());

        var (before, after) = (instance["t1"][Role.Owner], instance["t2"][Role.Owner]);
        Assert.NotEmpty(New(before, after));
        Assert.Equal(New(before, after).Count(), second.Written);
        Assert.NotEmpty(Removed(before, after));
        Assert.Equal(Removed(before, after).Count(), second.RemovedUpstream);
        Assert.Equal(
            Lines([.. after.Export!, .. Gone(before, after)]).Where(line => !line.Contains("/.meta/")),
            Tree(Target).Where(line => !line.Contains("/.meta/") && !line.StartsWith("ente_auth", StringComparison.Ordinal)));
    }

    [Theory]
    [InstanceData]
    public async Task What_was_removed_moves_aside_when_asked(string name)
    {
        await ExportAsync(name, "t1", Role.Owner, new ExportOptions());
        var tree = Tree(Target).ToList();

        var (instance, second) = await ExportAsync(name, "t2", Role.Owner, new ExportOptions { MoveRemoved = true });

        var (before, after) = (instance["t1"][Role.Owner], instance["t2"][Role.Owner]);
        Assert.Equal(Removed(before, after).Count(), second.MovedAside);
        Assert.Equal(
            Lines([.. after.Export!, .. Gone(before, after).Select(path => path with { Path = Aside + path.Path })]),
            Tree(Target).Where(line => !line.StartsWith("ente_auth", StringComparison.Ordinal) && !IsOfDeletedAlbum(line)));
        Assert.Empty(tree.Where(line => !line.Contains("/.meta/")).Select(Hash).Except(Tree(Target).Select(Hash)));
        Assert.All(before.Albums.ExceptBy(after.Albums.Select(album => album.Id), album => album.Id), album =>
            Assert.False(Directory.Exists(Path.Combine(Target, album.Name))));
        var (_, third) = await ExportAsync(name, "t2", Role.Owner, new ExportOptions { MoveRemoved = true });
        Assert.Equal((0L, 0L), (third.MovedAside, third.Written));

        static bool IsOfDeletedAlbum(string line) => line.StartsWith("Removed/", StringComparison.Ordinal)
            && line.Contains("/.meta/album_meta.json ");
    }

    [Theory]
    [InstanceData("Ben's garden", "The garden", "beans.png", Only = KnownInstances.Sample)]
    public async Task The_folder_of_a_renamed_album_follows_and_bytes_that_were_edited_replace_the_old_ones(
        string name, string oldAlbum, string newAlbum, string edited)
    {
        await ExportAsync(name, "t1", Role.Sharee, new ExportOptions());

        var (instance, second) = await ExportAsync(name, "t2", Role.Sharee, new ExportOptions());

        var (before, after) = (instance["t1"][Role.Sharee], instance["t2"][Role.Sharee]);
        Assert.Empty(second.Log.Findings);
        var removed = Gone(before, after)
            .Where(path => !path.Path.StartsWith(oldAlbum, StringComparison.Ordinal) && !path.Path.Contains("/.meta/"));
        var replaced = before.Export!.Single(path => path.Path == $"{oldAlbum}/{edited}") with { Path = $"{Aside}{newAlbum}/{edited}" };
        Assert.Equal(
            Lines([.. after.Export!.Where(path => !path.Path.Contains("/.meta/")), .. removed, replaced]),
            Tree(Target).Where(line => !line.Contains("/.meta/")));
    }

    [Theory]
    [InstanceData]
    public async Task A_file_that_somebody_changed_is_moved_aside_and_written_again(string name)
    {
        var (instance, _) = await ExportAsync(name, "t1", Role.Sharee, new ExportOptions());
        var album = OwnAlbum(instance["t1"][Role.Sharee]);
        var before = Tree(Target).ToList();
        await File.WriteAllTextAsync(Path.Combine(Target, album.Name, album.Files[0].Name!), "edited by hand", Token);
        File.Delete(Path.Combine(Target, album.Name, album.Files[1].Name!));

        var (_, again) = await ExportAsync(name, "t1", Role.Sharee, new ExportOptions());

        Assert.Equal(2, again.Written);
        Assert.Equal(before, Tree(Target).Where(line => !line.StartsWith("Removed/", StringComparison.Ordinal)));
        Assert.Equal("edited by hand", await File.ReadAllTextAsync(Path.Combine(Target, Aside, album.Name, album.Files[0].Name!), Token));
    }

    [Theory]
    [InstanceData]
    public async Task Missing_and_damaged_objects_are_listed_and_the_rest_is_written(string name)
    {
        var bad = 0;
        var moment = await MomentAsync(name, "t1");
        var (_, summary) = await ExportAsync(name, "t1", Role.Sharee, new ExportOptions(), content: new KnownContent(moment)
        {
            Change = (file, bytes) => file.Id % 5 > 1 ? bytes : ++bad % 2 == 0 ? null : Damage(bytes),
        });

        Assert.Equal(bad, summary.Failed);
        Assert.Equal(bad, summary.Log.Findings.Count);
        Assert.Equal(["object-damaged", "object-missing"], summary.Log.Findings.Select(finding => finding.Code).Distinct().Order());
        Assert.Equal(summary.Files - bad, summary.Written);
        Assert.False(summary.IsComplete);

        var (_, mended) = await ExportAsync(name, "t1", Role.Sharee, new ExportOptions());
        Assert.Equal((bad, true), (mended.Written, mended.IsComplete));
    }

    [Theory]
    [InstanceData]
    public async Task Another_account_s_folder_is_refused(string name)
    {
        await ExportAsync(name, "t1", Role.Keeper, new ExportOptions());
        var refused = await Assert.ThrowsAsync<NesteggException>(() => ExportAsync(name, "t1", Role.Sharee, new ExportOptions()));
        Assert.Equal(FailureKind.BadInput, refused.Kind);
    }

    private static byte[] Damage(byte[] bytes)
    {
        bytes[bytes.Length / 2] ^= 1;
        return bytes;
    }

    /// <summary>Files that only the later moment has.</summary>
    private static IEnumerable<KnownFile> New(KnownPerson before, KnownPerson after) =>
        after.Files.ExceptBy(before.Files.Select(file => file.Id), file => file.Id);

    /// <summary>Places in albums that only the earlier moment has.</summary>
    private static IEnumerable<(long Album, long File)> Removed(KnownPerson before, KnownPerson after) =>
        Places(before).Except(Places(after));

    private static IEnumerable<(long Album, long File)> Places(KnownPerson person) =>
        person.Albums.SelectMany(album => album.Files, (album, file) => (album.Id, file.Id));

    /// <summary>What only the earlier export has of files; an album's own record is not moved.</summary>
    private static IEnumerable<ExportedPath> Gone(KnownPerson before, KnownPerson after) =>
        before.Export!.ExceptBy(after.Export!.Select(path => path.Path), path => path.Path)
            .Where(path => !path.Path.EndsWith("/album_meta.json", StringComparison.Ordinal));

    private static string Hash(string line) => line[^64..];
}

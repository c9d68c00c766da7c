namespace Nestegg.TestKit.Instances;

/// <summary>What follows from the content of a known instance.</summary>
public static class KnownFacts
{
    /// <summary>Originals and thumbnails, the largest first: at least two are longer than a MiB.</summary>
    public static IReadOnlyList<KnownObject> Originals(this KnownMoment moment) =>
        [.. moment.Objects.Where(item => item.Key.Count(letter => letter == '/') == 1).OrderByDescending(item => item.SizeBytes)];

    /// <summary>ML data.</summary>
    public static IReadOnlyList<KnownObject> MlData(this KnownMoment moment) =>
        [.. moment.Objects.Where(item => item.Key.EndsWith("/mldata", StringComparison.Ordinal))];

    /// <summary>The keys of ML data, previews and playlists.</summary>
    public static IReadOnlyList<string> FileData(this KnownMoment moment) =>
        [.. moment.Objects.Select(item => item.Key).Where(key => key.Contains("/file-data/", StringComparison.Ordinal))];

    /// <summary>Files in everybody's trash.</summary>
    public static int TrashCount(this KnownMoment moment) => moment.People.Sum(person => person.Counts.Trash);

    /// <summary>Files that have not been deleted for good: everybody's, in albums and in the trash.</summary>
    public static int FileCount(this KnownMoment moment) =>
        moment.People.SelectMany(person => person.Files).DistinctBy(file => file.Id).Count() + moment.TrashCount();

    /// <summary>The albums that a person made.</summary>
    public static IReadOnlyList<KnownAlbum> OwnAlbums(this KnownMoment moment, Role role) =>
        [.. moment[role].Albums.Where(album => album.OwnerId == moment[role].UserId)];

    /// <summary>How many times an album of theirs is shared with somebody.</summary>
    public static int ShareCount(this KnownMoment moment, Role role)
    {
        var others = moment.People.Where(person => person.Role != role);
        return others.Sum(person => person.Albums.Count(album => album.OwnerId == moment[role].UserId));
    }

    /// <summary>A person's own files with content, of which nothing was derived, that are in one album only, which is their own.</summary>
    public static IReadOnlyList<(KnownFile File, KnownAlbum Album)> LoneFiles(this KnownMoment moment, Role role)
    {
        var derived = moment.FileData().Select(key => long.Parse(key.Split('/')[2])).ToHashSet();
        var lone = moment.OwnAlbums(role).SelectMany(album => album.Files.Select(file => (File: file, Album: album)))
            .GroupBy(pair => pair.File.Id).Where(group => group.Count() == 1).Select(group => group.Single());
        return
        [
            .. lone.Where(pair => pair.File.HasContent && pair.File.OwnerId == moment[role].UserId && !derived.Contains(pair.File.Id))
                .OrderBy(pair => pair.File.Id),
        ];
    }
}

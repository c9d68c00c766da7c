using System.Diagnostics;

namespace Nestegg.Export;

/// <summary>
/// Gives finished content its names in the folders of its albums, and has it described there. Called for one file after another, in the
/// order of their ids, so that the same library always gets the same names.
/// </summary>
internal sealed class FilePlacement(ExportFolder folder, ExportState state, ExportOptions options, ExportSummary summary)
{
    private readonly FreeNames names = new(folder, state);
    private readonly FileDescription description = new(folder, state, options);

    /// <summary>Puts a file into an album's folder and describes it there.</summary>
    /// <param name="sources">Where its content is, part by part.</param>
    /// <returns>Where the content is now: a temporary file that was given a name is replaced by that.</returns>
    internal async Task<IReadOnlyList<FetchedPart>> PlaceAsync(
        FilePlace place, WantedFile file, IReadOnlyList<FetchedPart> sources, CancellationToken cancellationToken)
    {
        Debug.Assert(sources.Count is 1 or 2, "A file has one part, a live photo two.");
        var target = place.Target;
        var known = state.File(target.Album, file.Id);
        var old = state.ContentNames(target.Album, file.Id);
        var keepsNames = known?.Title == file.Title && old.Count == sources.Count;
        var chosen = keepsNames
            ? old.ConvertAll(part => part.Name)
            : await names.ChooseAsync(target, file, sources, old, cancellationToken);
        Debug.Assert(chosen.DistinctBy(ExportName.Fold)
            .Count() == sources.Count, "Each part has a name of its own, also where case does not count.");
        var oldPaths = old.ConvertAll(part => folder.PathOf(target.Folder, part.Name));
        var placed = new List<FetchedPart>();
        for (var part = 0; part < sources.Count; part++)
        {
            var move = new PartMove(
                (FilePart)part, sources[part], oldPaths.ElementAtOrDefault(part), folder.PathOf(target.Folder, chosen[part]));
            placed.Add(await MoveAsync(move, file.Modified, place.IsRight, cancellationToken));
        }

        foreach (var left in oldPaths.Skip(sources.Count).Where(File.Exists))
        {
            folder.MoveAside(left);
        }

        var xmp = state.XmpName(target.Album, file.Id);
        state.ForgetNames(target.Album, file.Id);
        foreach (var (part, name) in chosen.Index())
        {
            state.PutName(target.Album, file.Id, ExportFolder.Recorded(folder.PathOf(target.Folder, name), (FilePart)part));
        }

        await description.WriteAsync(target, file, known, chosen, cancellationToken);
        await description.WriteXmpAsync(target, file, chosen[0], xmp, cancellationToken);
        return placed;
    }

    private async Task<FetchedPart> MoveAsync(PartMove move, DateTime? modified, bool isRight, CancellationToken cancellationToken)
    {
        var source = move.Source;
        if (move.From is { } from && ExportFolder.Exists(from))
        {
            if (isRight || (!ExportFolder.IsLink(from) && await FileComparison.HaveSameContentAsync(from, source.Path, cancellationToken)))
            {
                Rename(from, move.To);
                ExportFolder.SetTime(move.To, isRight ? null : modified);
                return source.Path == from ? source with { Path = move.To } : source;
            }

            // Edited upstream, or changed here: the old bytes are nobody's to delete.
            folder.MoveAside(from);
        }

        Put(move, modified);
        return source with { Path = move.To, IsTemporary = false };
    }

    private void Put(PartMove move, DateTime? modified)
    {
        if (File.Exists(move.To))
        {
            // The name was chosen because the same bytes are there: an earlier run was cut off before it could record them.
            ExportFolder.SetTime(move.To, modified);
        }
        else if (move.Source.IsTemporary)
        {
            ExportFolder.Place(move.Source.Path, move.To, modified);
        }
        else
        {
            folder.Link(move.Source.Path, move.To, options.Copies);
            summary.Linked += move.Part == FilePart.Main ? 1 : 0;
        }
    }

    private void Rename(string from, string to)
    {
        if (from == to)
        {
            return;
        }

        summary.Renamed++;

        // Where only the case changes, some file systems find the file itself under its new name.
        if (ExportName.Fold(from) != ExportName.Fold(to) && File.Exists(to))
        {
            // The name was chosen because the same bytes are there.
            folder.MoveAside(from);
            return;
        }

        File.Move(from, to);
    }

    /// <param name="From">Where the part is by the record; null when the record has none.</param>
    private readonly record struct PartMove(FilePart Part, FetchedPart Source, string? From, string To);
}

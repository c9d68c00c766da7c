using Nestegg.Ente;
using Nestegg.Ente.Api;
using Nestegg.Ente.Library;

namespace Nestegg.Export;

/// <summary>
/// Writes a person's library in plain into a folder, and keeps the folder current when it is run again: albums, then their files, the
/// trash, what is gone, the codes of Ente Auth. Memory does not grow with the number or the length of files.
/// </summary>
internal sealed class Exporter
{
    private readonly ExportAccount account;
    private readonly ExportFolder folder;
    private readonly ExportState state;
    private readonly ExportOptions options;
    private readonly ExportSelection selection;
    private readonly ExportSummary summary;
    private readonly AlbumFolders albumFolders;

    private Exporter(ExportAccount account, ExportFolder folder, ExportState state, ExportOptions options, RunLog log)
    {
        this.account = account;
        this.folder = folder;
        this.state = state;
        this.options = options;
        selection = new ExportSelection(options);
        summary = new ExportSummary(log);
        albumFolders = new AlbumFolders(folder, state, summary);
    }

    /// <summary>Exports.</summary>
    /// <param name="account">Whose library.</param>
    /// <param name="target">The folder; made when it is not there.</param>
    /// <param name="options">What and how.</param>
    /// <param name="time">For the date in <c>Removed/</c>.</param>
    /// <param name="log">Gets progress and findings.</param>
    /// <param name="cancellationToken">Stops between chunks; what was written stays and is gone on with.</param>
    internal static async Task<ExportSummary> RunAsync(
        ExportAccount account, string target, ExportOptions options, TimeProvider time, RunLog log, CancellationToken cancellationToken)
    {
        using var folder = ExportFolder.Open(target, options, time);
        using var state = ExportState.Open(folder.StatePath);
        state.Claim(account.UserId, folder.Root);
        try
        {
            var exporter = new Exporter(account, folder, state, options, log);
            await exporter.RunAsync(time, cancellationToken);
            state.End();
            return exporter.summary;
        }
        catch (Exception exception) when (SystemWords.IsOfFiles(exception))
        {
            throw ExportFolder.CannotWrite(exception);
        }
        catch (MuseumException failure)
        {
            throw new NesteggException(FailureKind.OutOfReach, failure.Message, failure.Hint, failure);
        }
    }

    private async Task RunAsync(TimeProvider time, CancellationToken cancellationToken)
    {
        if (state.IsFresh)
        {
            await albumFolders.RebuildAsync(cancellationToken);
        }

        var albums = await account.Reader.AlbumsAsync(account.UserId, account.Keys, cancellationToken);
        try
        {
            var targets = await PrepareAlbumsAsync(albums, cancellationToken);
            await ExportFilesAsync(albums, targets, cancellationToken);
            var unlisted = account.Unlisted.Select(album => album.AlbumId).ToHashSet();
            new RemovedFiles(folder, state, options, summary)
                .GoThrough(albums, targets.Values.Where(target => !unlisted.Contains(target.Album)), cancellationToken);
        }
        finally
        {
            foreach (var album in albums)
            {
                album.Dispose();
            }
        }

        await WriteAuthCodesAsync(time, cancellationToken);
    }

    private async Task<Dictionary<long, ExportTarget>> PrepareAlbumsAsync(IReadOnlyList<Album> albums, CancellationToken cancellationToken)
    {
        var targets = new Dictionary<long, ExportTarget>();
        foreach (var album in albums.Where(selection.Wants))
        {
            targets[album.Id] = await albumFolders.PrepareAsync(album, account.UserId, cancellationToken);
            summary.Albums++;
            foreach (var problem in album.Problems)
            {
                summary.Log.Find(new Finding(
                    problem.Code, problem.IsFatal ? Severity.Error : Severity.Warning, targets[album.Id].Folder, problem.Message));
            }
        }

        foreach (var name in selection.Unfitting(albums))
        {
            summary.Log.Find(
                new Finding(
                    "album-unknown", Severity.Error, name, "there is no album of this name",
                    "nestegg find lists all; upper and lower case do not matter, everything else does"));
        }

        foreach (var (id, why) in account.Unlisted.Where(album => targets.ContainsKey(album.AlbumId)))
        {
            summary.Log.Find(new Finding(
                "album-unlisted", Severity.Error, targets[id].Folder, $"its files could not be listed: {why}", "run the export again"));
        }

        return targets;
    }

    private async Task ExportFilesAsync(
        IReadOnlyList<Album> albums, Dictionary<long, ExportTarget> targets, CancellationToken cancellationToken)
    {
        using var files = new FileExport(account.Content, folder, state, options, summary);
        var wanted = albums.Where(album => targets.ContainsKey(album.Id)).ToList();
        await files.RunAsync(
            account.Reader.FilesAsync(account.UserId, wanted, cancellationToken),
            file => [.. file.Albums.Select(album => targets[album.Id])], cancellationToken);
        if (options.Trash)
        {
            var trash = await albumFolders.PrepareTrashAsync(account.UserId, cancellationToken);
            await files.RunAsync(account.Reader.TrashAsync(account.UserId, albums, cancellationToken), _ => [trash], cancellationToken);
            targets[trash.Album] = trash;
        }
    }

    private async Task WriteAuthCodesAsync(TimeProvider time, CancellationToken cancellationToken)
    {
        var lines = new List<string>();
        await foreach (var code in account.Reader.AuthCodesAsync(account.UserId, account.Keys, cancellationToken))
        {
            if (code.Uri is not null)
            {
                lines.Add(code.Uri);
            }
            else
            {
                summary.Log.Find(new Finding(code.Problem?.Code
                    ?? "auth-code-damaged", Severity.Error, $"code {code.Id}", code.Problem?.Message ?? "the code does not open"));
            }
        }

        summary.AuthCodes = lines.Count;
        if (lines.Count > 0)
        {
            await AuthCodeFile.WriteAsync(folder, lines, time, cancellationToken);
        }
    }
}

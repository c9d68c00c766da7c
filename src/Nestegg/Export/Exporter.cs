using Nestegg.Ente.Api;
using Nestegg.Ente.Library;

namespace Nestegg.Export;

/// <summary>
/// Writes a person's library in plain into a folder, and keeps the folder current when it is run again: albums, then their files, the trash, what is gone,
/// the codes of Ente Auth. Memory does not grow with the number or the length of files.
/// </summary>
internal sealed class Exporter
{
    private readonly ExportAccount _account;
    private readonly ExportOptions _options;
    private readonly ExportSummary _summary;
    private readonly ExportState _state;
    private readonly ExportFolder _folder;
    private readonly ExportName _names;
    private readonly AlbumFolders _albumFolders;
    private readonly FilePlacement _placement;

    private Exporter(ExportAccount account, ExportFolder folder, ExportState state, ExportOptions options, RunLog log)
    {
        (_account, _folder, _state, _options, _summary) = (account, folder, state, options, new ExportSummary(log));
        _names = folder.Names(options.WindowsNames);
        _albumFolders = new AlbumFolders(folder, state, _names, _summary);
        _placement = new FilePlacement(folder, state, _names, options, _summary);
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
        using var folder = ExportFolder.Open(target, time);
        using var state = ExportState.Open(folder.StatePath);
        state.Claim(account.UserId, folder.Root);
        try
        {
            var exporter = new Exporter(account, folder, state, options, log);
            await exporter.RunAsync(time, cancellationToken);
            state.End();
            return exporter._summary;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
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
        if (_state.IsFresh)
        {
            await _albumFolders.RebuildAsync(cancellationToken);
        }

        var albums = await _account.Reader.AlbumsAsync(_account.UserId, _account.Keys, cancellationToken);
        try
        {
            var targets = await PrepareAlbumsAsync(albums, cancellationToken);
            await ExportFilesAsync(albums, targets, cancellationToken);
            var unlisted = _account.Unlisted.Select(album => album.AlbumId).ToHashSet();
            new RemovedFiles(_folder, _state, _placement, _options, _summary)
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
        foreach (var album in albums.Where(_options.Wants))
        {
            targets[album.Id] = await _albumFolders.PrepareAsync(album, _account.UserId, cancellationToken);
            _summary.Albums++;
            foreach (var problem in album.Problems)
            {
                _summary.Log.Find(new Finding(problem.Code, problem.IsFatal ? Severity.Error : Severity.Warning, targets[album.Id].Folder, problem.Message));
            }
        }

        foreach (var name in _options.Unfitting(albums))
        {
            _summary.Log.Find(new Finding("album-unknown", Severity.Error, name, "there is no album of this name", "nestegg find lists all; upper and lower case do not matter, everything else does"));
        }

        foreach (var (id, why) in _account.Unlisted.Where(album => targets.ContainsKey(album.AlbumId)))
        {
            _summary.Log.Find(new Finding("album-unlisted", Severity.Error, targets[id].Folder, $"its files could not be listed: {why}", "run the export again"));
        }

        return targets;
    }

    private async Task ExportFilesAsync(IReadOnlyList<Album> albums, Dictionary<long, ExportTarget> targets, CancellationToken cancellationToken)
    {
        using var files = new FileExport(new ContentFetcher(_account.Content, _folder.NewFile), _placement, _state, _names, _options, _summary);
        var wanted = albums.Where(album => targets.ContainsKey(album.Id)).ToList();
        await files.RunAsync(
            _account.Reader.FilesAsync(_account.UserId, wanted, cancellationToken), file => [.. file.Albums.Select(album => targets[album.Id])], cancellationToken);
        if (_options.Trash)
        {
            var trash = await _albumFolders.PrepareTrashAsync(_account.UserId, cancellationToken);
            await files.RunAsync(_account.Reader.TrashAsync(_account.UserId, albums, cancellationToken), _ => [trash], cancellationToken);
            targets[trash.Album] = trash;
        }
    }

    private async Task WriteAuthCodesAsync(TimeProvider time, CancellationToken cancellationToken)
    {
        var lines = new List<string>();
        await foreach (var code in _account.Reader.AuthCodesAsync(_account.UserId, _account.Keys, cancellationToken))
        {
            if (code.Uri is not null)
            {
                lines.Add(code.Uri);
            }
            else
            {
                _summary.Log.Find(new Finding(code.Problem?.Code ?? "auth-code-damaged", Severity.Error, $"code {code.Id}", code.Problem?.Message ?? "the code does not open"));
            }
        }

        _summary.AuthCodes = lines.Count;
        if (lines.Count > 0)
        {
            await AuthCodeFile.WriteAsync(_folder, lines, time, cancellationToken);
        }
    }
}

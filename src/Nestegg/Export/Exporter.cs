using System.Security.Cryptography;
using Microsoft.Data.Sqlite;
using Nestegg.Ente.Library;

namespace Nestegg.Export;

/// <summary>
/// Writes a person's library in plain into a folder, and keeps the folder current when it is run again. Several files are fetched at once; names are given in
/// order. Holds a page of files, a few dozen jobs and two chunks for each file under way, whatever the size of the library.
/// </summary>
internal sealed class Exporter : IDisposable
{
    // Enough that one long video does not hold up the others; each waiting job holds a file's metadata.
    private const int WaitingJobs = 64;

    // When this many files in a row could not be read, it is not the files.
    private const int UnreadableInARow = 20;

    private readonly ExportAccount _account;
    private readonly ExportOptions _options;
    private readonly IProgress<RunEvent> _events;
    private readonly ExportState _state;
    private readonly AlbumFolders _albumFolders;
    private readonly FilePlacement _placement;
    private readonly ContentFetcher _fetcher;
    private readonly ExportFolder _folder;
    private readonly ExportName _names;
    private readonly ExportSummary _summary = new();
    private readonly SemaphoreSlim _fetching;
    private int _unreadableInARow;

    private Exporter(ExportAccount account, ExportFolder folder, ExportState state, ExportOptions options, IProgress<RunEvent> events)
    {
        (_account, _folder, _state, _options, _events) = (account, folder, state, options, events);
        _names = new ExportName(options.WindowsNames);
        _albumFolders = new AlbumFolders(folder, state, _names, _summary);
        _placement = new FilePlacement(folder, state, _names, options, _summary);
        _fetcher = new ContentFetcher(account.Content, folder.NewFile);
        _fetching = new SemaphoreSlim(options.Parallel);
    }

    /// <summary>Exports.</summary>
    /// <param name="account">Whose library.</param>
    /// <param name="target">The folder; made when it is not there.</param>
    /// <param name="options">What and how.</param>
    /// <param name="time">For the date in <c>Removed/</c>.</param>
    /// <param name="events">Gets progress and findings, from one task at a time.</param>
    /// <param name="cancellationToken">Stops between chunks; what was written stays and is gone on with.</param>
    internal static async Task<ExportSummary> RunAsync(
        ExportAccount account, string target, ExportOptions options, TimeProvider time, IProgress<RunEvent> events, CancellationToken cancellationToken)
    {
        using var folder = ExportFolder.Open(target, time);
        await using var state = await OpenStateAsync(folder, cancellationToken);
        await ClaimAsync(state, account.UserId, folder.Root, cancellationToken);
        using var exporter = new Exporter(account, folder, state, options, events);
        await exporter.RunAsync(time, cancellationToken);
        await state.EndAsync(cancellationToken);
        return exporter._summary;
    }

    public void Dispose() => _fetching.Dispose();

    private static async Task<ExportState> OpenStateAsync(ExportFolder folder, CancellationToken cancellationToken)
    {
        try
        {
            return await ExportState.OpenAsync(folder.StatePath, cancellationToken);
        }
        catch (SqliteException exception) when (exception.SqliteErrorCode is 11 or 26)
        {
            // Damaged, or no database: it is only a cache of what the sidecars say.
            File.Delete(folder.StatePath);
            return await ExportState.OpenAsync(folder.StatePath, cancellationToken);
        }
    }

    private static async Task ClaimAsync(ExportState state, long userId, string root, CancellationToken cancellationToken)
    {
        var account = userId.ToString(System.Globalization.CultureInfo.InvariantCulture);
        if (await state.FactAsync("account", cancellationToken) is { } other && other != account)
        {
            throw new NesteggException(ExitCode.BadInput, $"{root} holds the export of another account ({other})", "give each account a folder of its own with --to");
        }

        await state.SetFactAsync("account", account, cancellationToken);
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
            var wanted = albums.Where(album => targets.ContainsKey(album.Id)).ToList();
            var files = _account.Reader.FilesAsync(_account.UserId, wanted, cancellationToken);
            await ExportAsync(files, file => [.. file.Albums.Select(album => targets[album.Id])], cancellationToken);
            if (_options.Trash)
            {
                var trash = await _albumFolders.PrepareTrashAsync(_account.UserId, cancellationToken);
                await ExportAsync(_account.Reader.TrashAsync(_account.UserId, albums, cancellationToken), _ => [trash], cancellationToken);
                targets[trash.Album] = trash;
            }

            await GoThroughRemovedAsync(albums, targets.Values, cancellationToken);
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
                Report(new Finding(problem.Code, problem.IsFatal ? Severity.Error : Severity.Warning, targets[album.Id].Folder, problem.Message));
            }
        }

        foreach (var (id, why) in _account.Unlisted.Where(album => targets.ContainsKey(album.AlbumId)))
        {
            Report(new Finding("album-unlisted", Severity.Error, targets[id].Folder, $"its files could not be listed: {why}", "run the export again"));
        }

        return targets;
    }

    private async Task ExportAsync(IAsyncEnumerable<LibraryFile> files, Func<LibraryFile, ExportTarget[]> targets, CancellationToken cancellationToken)
    {
        var jobs = new Queue<ExportJob>();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        try
        {
            await foreach (var file in files)
            {
                if (!_options.Wants(file))
                {
                    file.Dispose();
                    continue;
                }

                jobs.Enqueue(await BeginAsync(file, targets(file), stop.Token));
                if (jobs.Count >= WaitingJobs)
                {
                    await FinishNextAsync(jobs, cancellationToken);
                }
            }

            while (jobs.Count > 0)
            {
                await FinishNextAsync(jobs, cancellationToken);
            }
        }
        finally
        {
            await stop.CancelAsync();
            foreach (var job in jobs)
            {
                await ((Task)job.Content).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                job.File.Dispose();
            }
        }
    }

    private async Task<ExportJob> BeginAsync(LibraryFile file, ExportTarget[] targets, CancellationToken cancellationToken)
    {
        // No two contents share a header; an item without a file is what its text is.
        var stamp = file.HasContent
            ? Convert.ToBase64String(file.ContentHeader)
            : file.PublicMetadata.Info is { } item ? "item:" + Convert.ToHexStringLower(SHA256.HashData(LockerText.Write(item))) : "nothing";
        var right = new List<ExportTarget>();
        foreach (var target in targets)
        {
            if (await _placement.IsRightAsync(target, file, stamp, cancellationToken))
            {
                right.Add(target);
            }
        }

        var existing = right.Count > 0 ? right[0] : await ElsewhereAsync(file, stamp, cancellationToken);
        var content = existing is null ? FetchAsync(file, Subject(file, targets), cancellationToken) : Task.FromResult<FetchedContent?>(null);
        return new ExportJob(file, stamp, targets, right, existing, content);
    }

    // In an album that is not exported this time, or that the file has left.
    private async Task<ExportTarget?> ElsewhereAsync(LibraryFile file, string stamp, CancellationToken cancellationToken)
    {
        foreach (var id in await _state.AlbumsWithAsync(file.Id, stamp, cancellationToken))
        {
            if (await _state.AlbumAsync(id, cancellationToken) is { } album && new ExportTarget(id, album.Folder) is var target
                && await _placement.IsRightAsync(target, file, stamp, cancellationToken))
            {
                return target;
            }
        }

        return null;
    }

    private async Task<FetchedContent?> FetchAsync(LibraryFile file, string subject, CancellationToken cancellationToken)
    {
        await _fetching.WaitAsync(cancellationToken);
        try
        {
            return await Task.Run(() => _fetcher.FetchAsync(file, subject, cancellationToken), cancellationToken);
        }
        finally
        {
            _fetching.Release();
        }
    }

    private async Task FinishNextAsync(Queue<ExportJob> jobs, CancellationToken cancellationToken)
    {
        // Stays in the queue until its content is there: a failure must find it among those that are waited for.
        var content = await jobs.Peek().Content;
        var job = jobs.Dequeue();
        using (job.File)
        {
            if (content?.Failure is { } failure)
            {
                await FailAsync(job, failure, cancellationToken);
            }
            else
            {
                await PlaceAsync(job, content, cancellationToken);
            }
        }

        _summary.Files++;
        _events.Report(new ProgressEvent("export", _summary.Files, 0, _summary.WrittenBytes, 0));
    }

    private async Task FailAsync(ExportJob job, Finding failure, CancellationToken cancellationToken)
    {
        Report(failure);
        _summary.Failed++;
        foreach (var target in job.Targets)
        {
            await _state.TouchFileAsync(target.Album, job.File.Id, cancellationToken);
        }

        _unreadableInARow = failure.Code == "object-unreadable" ? _unreadableInARow + 1 : 0;
        if (_unreadableInARow >= UnreadableInARow)
        {
            throw new NesteggException(ExitCode.OutOfReach, $"{UnreadableInARow} files in a row could not be read; the last: {failure.Message}", failure.Hint);
        }
    }

    private async Task PlaceAsync(ExportJob job, FetchedContent? content, CancellationToken cancellationToken)
    {
        _unreadableInARow = 0;
        List<FetchedPart> sources;
        if (content is not null)
        {
            sources = [.. content.Parts];
            _summary.Written++;
            _summary.WrittenBytes += sources.Sum(part => new FileInfo(part.Path).Length);
        }
        else
        {
            // Names on disk carry the extensions that the parts got; of a plain file, the title's own may have been edited since.
            var paths = await _placement.PathsAsync(job.Existing!, job.File.Id, cancellationToken);
            sources = paths.ConvertAll(path => new FetchedPart(path, paths.Count > 1 || job.File.Type == FileType.LivePhoto ? Path.GetExtension(path) : null, IsTemporary: false));
            _summary.Kept += job.Right.Count == job.Targets.Length ? 1 : 0;
        }

        _summary.WithoutHash += job.File is { HasContent: true, Hash.IsAbsent: true } ? 1 : 0;
        _summary.LockerItems += job.File.HasContent ? 0 : 1;
        foreach (var target in job.Targets.OrderByDescending(job.Right.Contains))
        {
            await _placement.PlaceAsync(target, job.File, job.Stamp, sources, job.Right.Contains(target), cancellationToken);
        }

        foreach (var left in content?.Parts.Where(part => File.Exists(part.Path)) ?? [])
        {
            File.Delete(left.Path);
        }

        if (content?.Oddity is { } oddity)
        {
            Report(oddity);
        }

        foreach (var problem in job.File.Problems.Where(problem => !problem.IsFatal && problem.Code is not ("thumbnail-row-missing" or "metadata-damaged")))
        {
            Report(new Finding(problem.Code, Severity.Warning, Subject(job.File, job.Targets), problem.Message));
        }
    }

    private async Task GoThroughRemovedAsync(IReadOnlyList<Album> albums, IEnumerable<ExportTarget> targets, CancellationToken cancellationToken)
    {
        var unlisted = _account.Unlisted.Select(album => album.AlbumId).ToHashSet();
        if (_options.LeavesOutFiles)
        {
            return;
        }

        foreach (var target in targets.Where(target => !unlisted.Contains(target.Album)).ToList())
        {
            await GoThroughRemovedFilesAsync(target, cancellationToken);
        }

        var living = albums.Where(album => !album.IsDeleted).Select(album => album.Id).Append(AlbumFolders.TrashId).ToHashSet();
        foreach (var id in (await _state.UnseenAlbumsAsync(cancellationToken)).Where(id => !living.Contains(id)))
        {
            var album = (await _state.AlbumAsync(id, cancellationToken))!;
            var path = _folder.PathOf(album.Folder);
            if (_options.MoveRemoved && Directory.Exists(path))
            {
                _folder.MoveAside(path);
                _summary.MovedAside += (await _state.UnseenFilesAsync(id, long.MinValue, int.MaxValue, cancellationToken)).Count;
                await _state.ForgetAlbumAsync(id, cancellationToken);
            }
            else
            {
                _summary.RemovedUpstream += (await _state.UnseenFilesAsync(id, long.MinValue, int.MaxValue, cancellationToken)).Count;
            }
        }
    }

    private async Task GoThroughRemovedFilesAsync(ExportTarget target, CancellationToken cancellationToken)
    {
        const int page = 1000;
        for (var after = long.MinValue; ;)
        {
            var unseen = await _state.UnseenFilesAsync(target.Album, after, page, cancellationToken);
            foreach (var file in unseen)
            {
                if (_options.MoveRemoved)
                {
                    await _placement.RemoveAsync(target, file, cancellationToken);
                    _summary.MovedAside++;
                }
                else
                {
                    _summary.RemovedUpstream++;
                }
            }

            if (unseen.Count < page)
            {
                return;
            }

            after = unseen[^1];
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
                Report(new Finding(code.Problem?.Code ?? "auth-code-damaged", Severity.Error, $"code {code.Id}", code.Problem?.Message ?? "the code does not open"));
            }
        }

        _summary.AuthCodes = lines.Count;
        if (lines.Count > 0)
        {
            await AuthCodeFile.WriteAsync(_folder, lines, time, cancellationToken);
        }
    }

    private string Subject(LibraryFile file, ExportTarget[] targets)
    {
        var (stem, extension) = ExportName.Split(AlbumFolders.Title(file));
        return $"{targets[0].Folder}/{_names.Numbered(stem, extension, 0)} (file {file.Id})";
    }

    private void Report(Finding finding)
    {
        _summary.Add(finding);
        _events.Report(new FindingEvent(finding));
    }

    /// <param name="Right">Those of the targets where the content is already.</param>
    /// <param name="Existing">Where the content is on disk; null when it has to be fetched.</param>
    private sealed record ExportJob(
        LibraryFile File, string Stamp, ExportTarget[] Targets, List<ExportTarget> Right, ExportTarget? Existing, Task<FetchedContent?> Content);
}

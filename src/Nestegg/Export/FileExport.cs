using System.Security.Cryptography;
using Nestegg.Ente.Library;

namespace Nestegg.Export;

/// <summary>
/// Brings files into the folders of their albums. Several are fetched at once; they are given their names in order. Holds a few dozen jobs, and three chunks
/// for each file under way.
/// </summary>
internal sealed class FileExport : IDisposable
{
    // Enough that one long video does not hold up the others; each waiting job holds a file's metadata.
    private const int WaitingJobs = 64;

    private readonly ContentFetcher _fetcher;
    private readonly FilePlacement _placement;
    private readonly ExportState _state;
    private readonly ExportOptions _options;
    private readonly ExportSummary _summary;
    private readonly ExportName _names;
    private readonly SemaphoreSlim _fetching;
    private readonly FailureStreak _unreadable = new();

    internal FileExport(ContentFetcher fetcher, FilePlacement placement, ExportState state, ExportName names, ExportOptions options, ExportSummary summary)
    {
        (_fetcher, _placement, _state, _names, _options, _summary) = (fetcher, placement, state, names, options, summary);
        _fetching = new SemaphoreSlim(options.Parallel);
    }

    public void Dispose() => _fetching.Dispose();

    /// <param name="files">By id. Those that the options leave out are only noted as seen.</param>
    /// <param name="targets">Where a file goes.</param>
    /// <param name="cancellationToken">Stops between chunks.</param>
    internal async Task RunAsync(IAsyncEnumerable<LibraryFile> files, Func<LibraryFile, ExportTarget[]> targets, CancellationToken cancellationToken)
    {
        var jobs = new Queue<Job>();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        try
        {
            await foreach (var file in files)
            {
                if (!_options.Wants(file))
                {
                    LeaveOut(file, targets(file));
                    continue;
                }

                jobs.Enqueue(await BeginAsync(file, targets(file), stop.Token));
                while (jobs.Count >= WaitingJobs || (jobs.TryPeek(out var next) && next.Content.IsCompleted))
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

    // What an earlier run wrote of it has not been removed upstream.
    private void LeaveOut(LibraryFile file, ExportTarget[] targets)
    {
        file.Dispose();
        foreach (var target in targets)
        {
            _state.TouchFile(target.Album, file.Id);
        }
    }

    private async Task<Job> BeginAsync(LibraryFile file, ExportTarget[] targets, CancellationToken cancellationToken)
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
        return new Job(file, stamp, targets, right, existing, content);
    }

    // In an album that is not exported this time, or that the file has left.
    private async Task<ExportTarget?> ElsewhereAsync(LibraryFile file, string stamp, CancellationToken cancellationToken)
    {
        foreach (var id in _state.AlbumsWith(file.Id, stamp))
        {
            if (_state.Album(id) is { } album && new ExportTarget(id, album.Folder) is var target
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

    private async Task FinishNextAsync(Queue<Job> jobs, CancellationToken cancellationToken)
    {
        // Stays in the queue until its content is there: a failure must find it among those that are waited for.
        var content = await jobs.Peek().Content;
        var job = jobs.Dequeue();
        using (job.File)
        {
            if (content?.Failure is { } failure)
            {
                Fail(job, failure);
            }
            else
            {
                await PlaceAsync(job, content, cancellationToken);
            }
        }

        _summary.Files++;
        _summary.Log.Progress("export", _summary.Files, null, _summary.WrittenBytes);
    }

    private void Fail(Job job, Finding failure)
    {
        _summary.Log.Find(failure);
        _summary.Failed++;
        foreach (var target in job.Targets)
        {
            _state.TouchFile(target.Album, job.File.Id);
        }

        if (failure.Code == "object-unreadable")
        {
            _unreadable.Add("files in a row could not be read", failure.Message, failure.Hint);
        }
        else
        {
            _unreadable.End();
        }
    }

    private async Task PlaceAsync(Job job, FetchedContent? content, CancellationToken cancellationToken)
    {
        _unreadable.End();
        var (file, summary) = (job.File, _summary);
        var sources = content is not null ? [.. content.Parts] : _placement.Parts(job.Existing!, file);
        if (content is not null)
        {
            summary.Written++;
            summary.WrittenBytes += sources.Sum(part => new FileInfo(part.Path).Length);
        }

        summary.Kept += job.Right.Count == job.Targets.Length ? 1 : 0;
        summary.WithoutHash += file is { HasContent: true, Hash.IsAbsent: true } ? 1 : 0;
        summary.LockerItems += file.HasContent ? 0 : 1;
        foreach (var target in job.Targets.OrderByDescending(job.Right.Contains))
        {
            await _placement.PlaceAsync(target, file, job.Stamp, sources, job.Right.Contains(target), cancellationToken);
        }

        foreach (var left in content?.Parts.Where(part => File.Exists(part.Path)) ?? [])
        {
            File.Delete(left.Path);
        }

        foreach (var oddity in FileOddities.Of(file, Subject(file, job.Targets), sources.Count))
        {
            _summary.Log.Find(oddity);
        }
    }

    private string Subject(LibraryFile file, ExportTarget[] targets)
    {
        var (stem, extension) = ExportName.Split(AlbumFolders.Title(file));
        return $"{targets[0].Folder}/{_names.Numbered(stem, extension, 0)} (file {file.Id})";
    }

    /// <param name="Right">Those of the targets where the content is already.</param>
    /// <param name="Existing">Where the content is on disk; null when it has to be fetched.</param>
    private sealed record Job(
        LibraryFile File, string Stamp, ExportTarget[] Targets, List<ExportTarget> Right, ExportTarget? Existing, Task<FetchedContent?> Content);
}

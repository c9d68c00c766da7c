using System.Diagnostics;
using Nestegg.Ente.Library;

namespace Nestegg.Export;

/// <summary>
/// Brings files into the folders of their albums. Several are fetched at once; they are given their names in order. Holds a few dozen jobs,
/// and three chunks for each file under way.
/// </summary>
internal sealed class FileExport : IDisposable
{
    // Enough that one long video does not hold up the others; each waiting job holds a file's metadata.
    private const int WaitingJobs = 64;

    private readonly ContentFetcher fetcher;
    private readonly PlacedFiles placedFiles;
    private readonly FilePlacement placement;
    private readonly ExportFolder folder;
    private readonly ExportState state;
    private readonly ExportSelection selection;
    private readonly ExportSummary summary;
    private readonly SemaphoreSlim fetching;
    private readonly FailureStreak unreadable = new();

    internal FileExport(IContentSource content, ExportFolder folder, ExportState state, ExportOptions options, ExportSummary summary)
    {
        this.folder = folder;
        this.state = state;
        this.summary = summary;
        fetcher = new ContentFetcher(content, folder.NewFile);
        placedFiles = new PlacedFiles(folder, state, options);
        placement = new FilePlacement(folder, state, options, summary);
        selection = new ExportSelection(options);
        fetching = new SemaphoreSlim(options.Parallel);
    }

    public void Dispose() => fetching.Dispose();

    /// <param name="files">By id. Those that the options leave out are only noted as seen.</param>
    /// <param name="targets">Where a file goes.</param>
    /// <param name="cancellationToken">Stops between chunks.</param>
    internal async Task RunAsync(
        IAsyncEnumerable<LibraryFile> files, Func<LibraryFile, ExportTarget[]> targets, CancellationToken cancellationToken)
    {
        var jobs = new Queue<Job>();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        try
        {
            await foreach (var file in files)
            {
                if (!selection.Wants(file))
                {
                    LeaveOut(file, targets(file));
                    continue;
                }

                jobs.Enqueue(await BeginAsync(new WantedFile(file), targets(file), stop.Token));
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
            state.TouchFile(target.Album, file.Id);
        }
    }

    private async Task<Job> BeginAsync(WantedFile file, ExportTarget[] targets, CancellationToken cancellationToken)
    {
        Debug.Assert(targets.Length > 0, "A file is listed because an album or the trash has it.");
        var places = new List<FilePlace>();
        foreach (var target in targets)
        {
            places.Add(await placedFiles.InspectAsync(target, file, cancellationToken));
        }

        var existing = places.Find(place => place.IsRight)?.Target ?? await placedFiles.FindElsewhereAsync(file, cancellationToken);
        var content = existing is null
            ? FetchAsync(file, Subject(file, places), cancellationToken)
            : Task.FromResult<FetchedContent?>(null);
        return new Job(file, places, existing, content);
    }

    private async Task<FetchedContent?> FetchAsync(WantedFile file, string subject, CancellationToken cancellationToken)
    {
        await fetching.WaitAsync(cancellationToken);
        try
        {
            return await Task.Run(() => fetcher.FetchAsync(file.File, subject, cancellationToken), cancellationToken);
        }
        finally
        {
            fetching.Release();
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
                Fail(job, failure, content);
            }
            else
            {
                await PlaceAsync(job, content, cancellationToken);
            }
        }

        summary.Files++;
        summary.Log.Progress("export", summary.Files, null, summary.WrittenBytes);
    }

    private void Fail(Job job, Finding failure, FetchedContent content)
    {
        summary.Log.Find(failure);
        summary.Failed++;
        foreach (var place in job.Places)
        {
            state.TouchFile(place.Target.Album, job.File.Id);
        }

        if (content.IsOutOfReach)
        {
            unreadable.Add("files in a row could not be read", failure.Message, failure.Hint);
        }
        else
        {
            unreadable.End();
        }
    }

    private async Task PlaceAsync(Job job, FetchedContent? content, CancellationToken cancellationToken)
    {
        Debug.Assert(content is null != job.Existing is null, "What is not there was fetched.");
        unreadable.End();
        var file = job.File.File;
        IReadOnlyList<FetchedPart> sources = content?.Parts ?? placedFiles.Parts(job.Existing!, file);
        if (content is not null)
        {
            summary.Written++;
            summary.WrittenBytes += sources.Sum(part => new FileInfo(part.Path).Length);
        }

        summary.Kept += job.Places.TrueForAll(place => place.IsRight) ? 1 : 0;
        summary.WithoutHash += file is { HasContent: true, Hash.IsAbsent: true } ? 1 : 0;
        summary.LockerItems += file.HasContent ? 0 : 1;
        foreach (var place in job.Places.OrderByDescending(place => place.IsRight))
        {
            sources = await placement.PlaceAsync(place, job.File, sources, cancellationToken);
        }

        foreach (var left in content?.Parts.Where(part => File.Exists(part.Path)) ?? [])
        {
            File.Delete(left.Path);
        }

        foreach (var oddity in FileOddities.Of(file, Subject(job.File, job.Places), sources.Count))
        {
            summary.Log.Find(oddity);
        }
    }

    private string Subject(WantedFile file, List<FilePlace> places)
    {
        var (stem, extension) = ExportName.Split(file.Title);
        return $"{places[0].Target.Folder}/{folder.Names.Numbered(stem, extension, 0)} (file {file.Id})";
    }

    /// <param name="Existing">Where the content is on disk; null when it has to be fetched.</param>
    private sealed record Job(WantedFile File, List<FilePlace> Places, ExportTarget? Existing, Task<FetchedContent?> Content);
}

using Nestegg.Ente;
using Nestegg.Repositories;
using Nestegg.Repositories.Files;
using Nestegg.Repositories.Index;
using Nestegg.Repositories.Packs;

namespace Nestegg.Checks;

/// <summary>Reads objects and packs to the last byte and compares them with their names and with the rows that point into them.</summary>
internal sealed class ContentCheck(Repository repository, CheckTally tally, RunLog log)
{
    /// <summary>What becomes of a file under <c>objects/</c> or <c>packs/</c>: it is on the record when the check is done.</summary>
    public const string Cure =
        "the next nestegg backup fetches it again while the live bucket has it; else put the file back from another copy of the repository";

    public async Task ReadAsync(FileRows job, ObjectHash expected, bool isPack, CancellationToken cancellationToken)
    {
        try
        {
            await using var stream = await repository.TryOpenStoredAsync(job.Key, cancellationToken);
            if (stream is null)
            {
                tally.AddDamaged(job.Key);
                log.Find("object-missing", Severity.Error, job.Key, $"{job.Key} was there a moment ago and is missing", Cure);
                return;
            }

            await (isPack ? ReadPackAsync(stream, job, cancellationToken) : ReadObjectAsync(stream, job, expected, cancellationToken));
            tally.Count(counts => counts with { ReadFiles = counts.ReadFiles + 1, ReadBytes = counts.ReadBytes + stream.ReadBytes });
        }
        catch (NesteggException e) when (e.IsOfOneItem)
        {
            tally.AddDamaged(job.Key);
            log.Find("object-unreadable", Severity.Error, job.Key, e.Message, e.Hint);
        }
    }

    private async Task ReadObjectAsync(VerifyingStream stream, FileRows job, ObjectHash expected, CancellationToken cancellationToken)
    {
        try
        {
            await stream.DrainAsync(cancellationToken);
        }
        catch (NesteggException e) when (e.Kind == FailureKind.Damaged)
        {
            tally.AddDamaged(job.Key);
            log.Find("object-damaged", Severity.Error, job.Key, e.Message + NamesOf(job, expected), Cure);
        }
    }

    private async Task ReadPackAsync(VerifyingStream stream, FileRows job, CancellationToken cancellationToken)
    {
        var entries = new Dictionary<long, PackEntry>();
        var errors = 0;
        try
        {
            using var pack = new PackReader(stream, job.Key);
            await foreach (var entry in pack.ReadAllAsync(cancellationToken))
            {
                entries[entry.Offset] = entry;
                if (entry.Content == entry.Name)
                {
                    continue;
                }

                errors++;
                log.Find(
                    "entry-damaged", Severity.Error, $"{job.Key}#{entry.Name}",
                    $"the entry {entry.Name} at byte {entry.Offset} of {job.Key} hashes to {entry.Content}{NamesOf(job, entry.Name)}",
                    Cure);
            }

            await stream.DrainAsync(cancellationToken);
        }
        catch (NesteggException e) when (e.Kind == FailureKind.Damaged)
        {
            // When an entry has been named, that the pack as a whole is not itself is the same news.
            if (errors == 0)
            {
                log.Find("pack-damaged", Severity.Error, job.Key, e.Message, Cure);
            }

            errors++;
        }

        if (errors == 0)
        {
            CompareRows(job, entries);
        }
        else
        {
            tally.AddDamaged(job.Key);
        }
    }

    private void CompareRows(FileRows job, Dictionary<long, PackEntry> entries)
    {
        foreach (var (number, row) in job.Rows)
        {
            if (entries.TryGetValue(row.Offset, out var entry) && entry.SizeBytes == row.SizeBytes && entry.Name == row.Hash)
            {
                continue;
            }

            var found = entry == default ? "no entry begins there" : $"the entry there is {entry.Name} with {entry.SizeBytes} bytes";
            log.Find(
                "row-wrong", Severity.Error, $"{job.IndexKey}#{number}",
                $"row {number} of {job.IndexKey} says that {row.Key} is {row.Hash} with {row.SizeBytes} bytes at byte {row.Offset} of {job.Key}; {found}");
        }
    }

    private static string NamesOf(FileRows job, ObjectHash hash)
    {
        var keys = job.Rows.Where(row => row.Row.Hash == hash).Select(row => row.Row.Key).Take(3).ToList();
        return keys.Count == 0 ? "" : $"; it is {string.Join(", ", keys)}";
    }
}

using Nestegg.Contents;
using Nestegg.Ente.Library;

namespace Nestegg.Export;

/// <summary>
/// What is strange about a file although it could be written. Said in every run. Notes are about files that are as their owner had them all
/// the same.
/// </summary>
internal static class FileOddities
{
    /// <param name="file">As it was read.</param>
    /// <param name="subject">What to call it.</param>
    /// <param name="parts">How many files it became.</param>
    internal static IEnumerable<Finding> Of(LibraryFile file, string subject, int parts)
    {
        if (file.Metadata is null && file.HasContent)
        {
            yield return new Finding(
                "metadata-damaged", Severity.Error,
                subject, "its description does not open; its bytes are written under a name made of its id",
                "another snapshot may have its description");
        }
        else if (file is { Name: null or "", HasContent: true })
        {
            yield return new Finding(
                "title-missing", Severity.Warning, subject, "it has no title; it is written under a name made of its id");
        }

        if (file is { Metadata: not null, Type: < FileType.Image or > FileType.Info })
        {
            yield return new Finding(
                "type-unknown", Severity.Warning,
                subject, $"it is of type {(int)file.Type}, which is none that this program knows; it is written as it is");
        }

        if (file.Type == FileType.LivePhoto && parts == 1)
        {
            yield return new Finding(
                "live-photo-kept-whole", Severity.Warning, subject,
                "its picture and its video cannot be taken apart; it is written as it was uploaded, as a zip",
                "a program for broken zips may get its parts out");
        }

        if (new[] { file.Hash.Whole, file.Hash.Image, file.Hash.Video }.Any(text => text is not null && !ContentReader.IsHash(text)))
        {
            yield return new Finding(
                "hash-unreadable", Severity.Note,
                subject, "the hash that its app recorded is none; only the authenticators of its stream speak for it");
        }

        foreach (var problem in file.Problems.Where(problem => !problem.IsFatal))
        {
            if (SeverityOf(problem.Code) is { } severity)
            {
                yield return new Finding(problem.Code, severity, subject, problem.Message);
            }
        }
    }

    private static Severity? SeverityOf(string code) => code switch
    {
        // Thumbnails are not exported; what is said above is not said twice.
        "thumbnail-row-missing" or "thumbnail-header-damaged" or "metadata-damaged" => null,
        "file-key-damaged-in-album" => Severity.Note,
        _ => Severity.Warning,
    };
}

using Nestegg.Contents;
using Nestegg.Ente;
using Nestegg.Ente.Api;
using Nestegg.Ente.Cryptography;
using Nestegg.Ente.Library;
using Nestegg.Ente.Scratch;
using Nestegg.Repositories.Files;

namespace Nestegg.Export;

/// <summary>A file's bytes, decrypted, in temporary files.</summary>
/// <param name="Parts">One; of a live photo two, the picture first; none when <paramref name="Failure"/> says why.</param>
/// <param name="Failure">What kept the file from being written.</param>
internal sealed record FetchedContent(IReadOnlyList<FetchedPart> Parts, Finding? Failure = null)
{
    /// <summary>Other files may well fail for the same reason: a disk or a server is out of reach.</summary>
    public bool IsOutOfReach { get; init; }
}

/// <param name="Path">Where it is.</param>
/// <param name="Extension">What its name has to end with; null for the title's own extension.</param>
/// <param name="IsTemporary">It waits to be given a name; otherwise it has one, and only gets further ones.</param>
internal sealed record FetchedPart(string Path, string? Extension, bool IsTemporary = true);

/// <summary>
/// Fetches, decrypts and checks files into temporary files. What comes out has been authenticated chunk by chunk to its end and has the
/// hash that the uploading app recorded. Holds three chunks of 4 MiB for each file that is under way. Used by several tasks at once.
/// </summary>
internal sealed class ContentFetcher(IContentSource source, Func<string> newFile)
{
    private NesteggException? targetFailure;

    internal async Task<FetchedContent> FetchAsync(LibraryFile file, string subject, CancellationToken cancellationToken)
    {
        if (file.PublicMetadata.Info is { } item && !file.HasContent)
        {
            var path = newFile();
            await WriteAsync(path, LockerText.Write(item), cancellationToken);
            return new FetchedContent([new FetchedPart(path, null)]);
        }

        if (file.Problems.FirstOrDefault(problem => problem.IsFatal) is { } fatal)
        {
            return Failed(
                fatal.Code, subject, fatal.Message,
                "nestegg audit says more about the instance; nestegg find --all-snapshots shows where the file was whole");
        }

        if (file.Key is null || !file.HasContent)
        {
            return Failed(
                "file-without-content", subject, "the file has no bytes and is no item of Locker", "nothing can be exported of it");
        }

        try
        {
            return await DecryptAsync(file, subject, cancellationToken);
        }
        catch (Exception exception) when (IsOfTheFile(exception))
        {
            var hint = exception is EnteException ente ? ente.Hint : ((NesteggException)exception).Hint;
            return Failed("object-unreadable", subject, exception.Message, hint) with
            {
                IsOutOfReach = exception is not NesteggException { SparesOthers: true },
            };
        }
    }

    // A session that has ended, a disk that is full: those are not the file's, and end the export.
    private bool IsOfTheFile(Exception exception) => targetFailure is null
        && exception is NesteggException or EnteException and not (ScratchException or MuseumException { IsSignedOut: true });

    private async Task<FetchedContent> DecryptAsync(LibraryFile file, string subject, CancellationToken cancellationToken)
    {
        await using var encrypted = await source.OpenAsync(file, cancellationToken);
        if (encrypted is null)
        {
            return Failed(
                "object-missing", subject, "its bytes are not there", "nestegg find --all-snapshots shows which snapshot still has them");
        }

        var made = new List<string>();
        FetchedContent? content = null;
        try
        {
            return content = await DecryptAsync(encrypted, file, subject, made, cancellationToken);
        }
        finally
        {
            // Plaintext that is not handed on: it is damaged or another form of what is, or its source failed in the middle.
            foreach (var path in made.Where(path => content?.Parts.Any(part => part.Path == path) != true))
            {
                Leftover.Remove(path);
            }
        }
    }

    /// <param name="made">Gets the path of every file that is made.</param>
    private async Task<FetchedContent> DecryptAsync(
        Stream encrypted, LibraryFile file, string subject, List<string> made, CancellationToken cancellationToken)
    {
        var path = NewFile(made);
        ContentOutcome outcome;
        await using (var target = Create(path))
        {
            outcome =
                await ContentReader.DecryptAsync(encrypted, file.Key!, file.ContentHeader, file.Hash.Whole, target, cancellationToken);
        }

        if (!outcome.IsWhole)
        {
            return outcome.Defect is { } defect
                ? Failed(
                    "object-damaged", subject, $"its bytes do not decrypt: {defect}",
                    Damage.ObjectCure)
                : WrongHash(subject);
        }

        return file.Type == FileType.LivePhoto
            ? await UnpackAsync(file, path, subject, made, cancellationToken)
            : new FetchedContent([new FetchedPart(path, null)]);
    }

    private async Task<FetchedContent> UnpackAsync(
        LibraryFile file, string zipPath, string subject, List<string> made, CancellationToken cancellationToken)
    {
        var parts = new List<FetchedPart>();
        PartsOutcome outcome;
        await using (var zip = new FileStream(zipPath, FileMode.Open, FileAccess.Read, FileShare.Read))
        {
            outcome = await ContentReader.UnpackAsync(zip, file.Hash, part =>
            {
                parts.Add(new FetchedPart(NewFile(made), part.Extension));
                return Create(parts[^1].Path);
            }, cancellationToken);
        }

        if (outcome.IsWhole)
        {
            return new FetchedContent(parts);
        }

        return outcome.Mismatch is not null ? WrongHash(subject) : new FetchedContent([new FetchedPart(zipPath, ".zip")]);
    }

    private string NewFile(List<string> made)
    {
        made.Add(newFile());
        return made[^1];
    }

    private static FetchedContent WrongHash(string subject) => Failed(
        "hash-mismatch", subject, "it decrypts whole, and its hash is not the one that the uploading app recorded; it is not written",
        "its bytes are stored once: look in older copies of the bucket; nestegg prove says more");

    private static FetchedContent Failed(string code, string subject, string message, string hint) =>
        new([], new Finding(code, Severity.Error, subject, message, hint));

    private async Task WriteAsync(string path, byte[] content, CancellationToken cancellationToken)
    {
        await using var target = Create(path);
        await target.WriteAsync(content, cancellationToken);
    }

    private TargetFile Create(string path)
    {
        try
        {
            return new TargetFile(new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0), TargetFailure);
        }
        catch (Exception exception) when (SystemWords.IsOfFiles(exception))
        {
            throw TargetFailure(exception);
        }
    }

    // It ends the export, unlike what is wrong with one file.
    private NesteggException TargetFailure(Exception exception) => targetFailure = ExportFolder.CannotWrite(exception);

    /// <summary>A file being written, whose failures are told apart from those of the bytes' source.</summary>
    private sealed class TargetFile(FileStream file, Func<Exception, NesteggException> failure) : WriteOnlyStream
    {
        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            try
            {
                file.Write(buffer.Span);
                return ValueTask.CompletedTask;
            }
            catch (IOException exception)
            {
                throw failure(exception);
            }
        }

        protected override void Dispose(bool disposing)
        {
            file.Dispose();
            base.Dispose(disposing);
        }
    }
}

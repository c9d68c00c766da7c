using System.Diagnostics;
using System.Security.Cryptography;
using Nestegg.Contents;
using Nestegg.Ente.Cryptography;
using Nestegg.Ente.Library;
using Nestegg.Ente.Objects;
using Nestegg.Ente.Scratch;
using Nestegg.Repositories.Index;

namespace Nestegg.Proof;

/// <summary>
/// Proves files: every byte of the original and the thumbnail, what describes them, what was derived from them. Used by several tasks at
/// once.
/// </summary>
internal sealed class FileProof(ProofObjects objects, ProvedObjects proved, ProofTally tally, ProofOptions options)
{
    // A live photo's zip has to be read from its end; up to this length it waits in memory.
    private const int ZipInMemoryBytes = 4 * 1024 * 1024;
    private const int ZipBufferBytes = 128 * 1024;

    private readonly DerivedProof derived = new(objects, proved, tally);
    private readonly FailureStreak unreadable = new();

    /// <param name="isSampled">Whether its bytes are read; otherwise only its keys and descriptions are opened.</param>
    public async Task ProveAsync(LibraryFile file, bool isSampled, CancellationToken cancellationToken)
    {
        var it = new FileCase(file, tally, options.Names);
        foreach (var problem in file.Problems)
        {
            it.Error(problem.Code, problem.Message);
        }

        if (!file.HasContent)
        {
            CheckItem(it);
        }
        else if (file.Key is not null && isSampled)
        {
            await ProveContentAsync(it, cancellationToken);
            await ProveThumbnailAsync(it, cancellationToken);
            await derived.ProveAsync(it, cancellationToken);
        }

        Count(it, isSampled);
    }

    private void Count(FileCase it, bool isSampled)
    {
        var file = it.File;
        tally.Count(counts =>
        {
            var isLeftOut = it.IsProved && file.HasContent && !isSampled;
            counts.Files++;
            counts.FilesNotSampled += isLeftOut ? 1 : 0;
            counts.FilesProved += it.IsProved && !isLeftOut ? 1 : 0;
            counts.FilesNotProved += it.IsProved ? 0 : 1;
            counts.FilesProvedBefore += it is { IsProved: true, WasProvedBefore: true } ? 1 : 0;
            counts.SharedFiles += file.Albums.Count > 0 && file.Albums.All(album => album.IsShared) ? 1 : 0;
            counts.TrashFiles += file.TrashedUntil is null ? 0 : 1;
            counts.LockerItems += file.HasContent ? 0 : 1;
            counts.FilesWithoutHash += file is { HasContent: true, Metadata: not null } && !HasHash(file.Hash) ? 1 : 0;
        });
        tally.CountFile(file, it.IsProved);
    }

    private static void CheckItem(FileCase it)
    {
        if (it is { IsProved: true, File.PublicMetadata.Info: null })
        {
            it.Error("file-without-content", "the file has no bytes and is no item of Locker");
        }
    }

    private async Task ProveContentAsync(FileCase it, CancellationToken cancellationToken)
    {
        var file = it.File;
        if (file.Content is not { } named || file.ContentHeader.Length != SecretStream.HeaderBytes)
        {
            return;
        }

        if (!HasHash(file.Hash) && !file.Hash.IsAbsent)
        {
            it.Warning("hash-unreadable", "the hash that its app recorded is none; only the authenticators of its stream speak for it");
        }

        var job = new StreamJob(
            named, "original", file.ContentHeader, $"{file.Hash.Whole}:{file.Hash.Image}:{file.Hash.Video}", file.Hash.Whole);
        if (file.Type != FileType.LivePhoto)
        {
            await ProveStreamAsync(it, job, Stream.Null, cancellationToken);
            return;
        }

        await using var zip = Buffer(named.SizeBytes);
        await ProveStreamAsync(it, job with { Unpack = token => UnpackAsync(it, zip, token) }, zip, cancellationToken);
    }

    private async Task ProveThumbnailAsync(FileCase it, CancellationToken cancellationToken)
    {
        if (it.File.Thumbnail is { } named && it.File.ThumbnailHeader.Length == SecretStream.HeaderBytes
            && await ProveStreamAsync(
                it, new StreamJob(named, "thumbnail", it.File.ThumbnailHeader, "", null), Stream.Null, cancellationToken))
        {
            tally.Count(counts => counts.Thumbnails++);
        }
    }

    /// <returns>Whether it is in order.</returns>
    private async Task<bool> ProveStreamAsync(FileCase it, StreamJob job, Stream target, CancellationToken cancellationToken)
    {
        var (named, what) = (job.Named, job.What);
        if (objects.Find(named.Key) is not { } row)
        {
            it.Error(
                "object-missing", $"the snapshot does not hold its {what}, {named.Key}",
                "nestegg snapshots ID says why the backup did not find it; another snapshot may have it");
            return false;
        }

        var isOfSize = named.SizeBytes is null || named.SizeBytes == row.SizeBytes;
        var stamp = ProvedObjects.Stamp(row, job.Header, it.File.Key!, job.RecordedHashes);
        if (isOfSize && proved.WasProvedBefore(stamp))
        {
            it.WasProvedBefore |= named.Kind == ObjectKind.File;
            return true;
        }

        try
        {
            var isRight = await DecryptAsync(it, job, row, target, cancellationToken);
            if (isRight)
            {
                proved.Add(stamp);
            }

            return isRight;
        }
        catch (NesteggException failure)
        {
            it.Error("object-unreadable", $"its {what}, {FileCase.Where(named, row)}, cannot be read: {failure.Message}", failure.Hint);

            // A disk or a network that is gone fails every file alike: that ends the proof. A pack that is missing does not, however many
            // it held.
            if (!failure.SparesOthers)
            {
                unreadable.Add("objects in a row could not be read", failure.Message, failure.Hint);
            }

            return false;
        }
    }

    private async Task<bool> DecryptAsync(FileCase it, StreamJob job, IndexRow row, Stream target, CancellationToken cancellationToken)
    {
        ContentOutcome outcome;
        await using (var encrypted = await objects.OpenAsync(row, cancellationToken))
        {
            outcome = await ContentReader.DecryptAsync(encrypted, it.File.Key!, job.Header, job.WholeHash, target, cancellationToken);
        }

        unreadable.End();
        tally.Count(counts => counts.DecryptedBytes += outcome.PlaintextBytes);
        return await JudgeAsync(it, job, row, outcome, cancellationToken) && (job.Unpack is null || await job.Unpack(cancellationToken));
    }

    private async Task<bool> JudgeAsync(
        FileCase it, StreamJob job, IndexRow row, ContentOutcome outcome, CancellationToken cancellationToken)
    {
        var (named, what) = (job.Named, job.What);
        var isOfSize = named.SizeBytes is null || named.SizeBytes == row.SizeBytes;
        var sizes = isOfSize ? "" : $"; the database says {named.StatedLength}, the snapshot holds {row.SizeBytes:N0}";
        if (outcome.Defect is { } defect)
        {
            var code = defect.Kind switch
            {
                SecretStreamDefectKind.FinalMissing or SecretStreamDefectKind.ChunkTooShort => $"{what}-cut",
                SecretStreamDefectKind.DataAfterFinal => $"{what}-longer",
                _ when row.SizeBytes < named.SizeBytes => $"{what}-cut",
                _ when named.SizeBytes > 0 && row.SizeBytes > named.SizeBytes => $"{what}-longer",
                _ => $"{what}-damaged",
            };
            var key = defect is not { Kind: SecretStreamDefectKind.NotAuthentic, Chunk: 1 } ? ""
                : it.File.Metadata is null
                    ? "; its description does not open either, so the key in its album's row may be that of another file"
                : "; its key is right (its description opens), so the bytes or their header are not its own";
            it.Error(
                code,
                $"its {what}, {FileCase.Where(named, row)}: {defect}{key}{sizes}; {await objects.WhoIsAtFaultAsync(row, cancellationToken)}",
                FileCase.StoredOnce);
        }
        else if (outcome.Mismatch is { } mismatch)
        {
            it.Error(
                "hash-mismatch",
                $"its {what}, {FileCase.Where(named, row)}, decrypts whole, but hashes to {mismatch.Found} and its app recorded "
                + $"{mismatch.Expected}{sizes}",
                FileCase.StoredOnce);
        }
        else if (!isOfSize)
        {
            it.Error(
                "size-differs", $"its {what}, {FileCase.Where(named, row)}, decrypts whole{sizes}", "nestegg audit compares all sizes");
        }

        return outcome.IsWhole && isOfSize;
    }

    private async Task<bool> UnpackAsync(FileCase it, Stream zip, CancellationToken cancellationToken)
    {
        Debug.Assert(it.File.Content is not null, "What is unpacked was decrypted from an object.");
        zip.SetLength(zip.Position);
        zip.Position = 0;
        var outcome = await ContentReader.UnpackAsync(zip, it.File.Hash, _ => Stream.Null, cancellationToken);
        if (outcome.Mismatch is { } mismatch)
        {
            it.Error(
                "hash-mismatch",
                $"the {mismatch.What} of the live photo, {it.File.Content!.Value.Key}, decrypts whole, but hashes to "
                + $"{mismatch.Found} and its app recorded {mismatch.Expected}",
                FileCase.StoredOnce);
        }
        else if (outcome.Problem is { } problem && it.File.Hash.IsOfParts)
        {
            it.Error(
                "live-photo-broken",
                $"its original, {it.File.Content!.Value.Key}, decrypts whole, but its recorded hashes are of its two parts and {problem}",
                "nestegg export keeps it as it was uploaded, as a zip");
        }
        else if (outcome.Problem is not null)
        {
            it.Warning(
                "live-photo-broken", $"its original, {it.File.Content!.Value.Key}, decrypts whole; {outcome.Problem}",
                "nestegg export keeps it as it was uploaded, as a zip");
        }
        else
        {
            tally.Count(counts => counts.LivePhotos++);
        }

        return outcome.Mismatch is null && (outcome.Problem is null || !it.File.Hash.IsOfParts);
    }

    private static Stream Buffer(long? encryptedBytes) =>
        encryptedBytes is >= 0 and <= ZipInMemoryBytes ? new WipedStream((int)encryptedBytes) : ScratchFile.Create(ZipBufferBytes);

    private static bool HasHash(RecordedHash hash) =>
        hash.IsOfParts ? ContentReader.IsHash(hash.Image) && ContentReader.IsHash(hash.Video) : ContentReader.IsHash(hash.Whole);

    /// <param name="RecordedHashes">All that the app recorded, for the stamp.</param>
    /// <param name="WholeHash">What the stream is compared with.</param>
    private sealed record StreamJob(NamedObject Named, string What, byte[] Header, string RecordedHashes, string? WholeHash)
    {
        public Func<CancellationToken, Task<bool>>? Unpack { get; init; }
    }

    /// <summary>Somebody's photo in memory, zeroed when it is done with. Grows when the bytes are more than the database says.</summary>
    private sealed class WipedStream(int capacity) : MemoryStream(capacity)
    {
        protected override void Dispose(bool disposing)
        {
            CryptographicOperations.ZeroMemory(GetBuffer());
            base.Dispose(disposing);
        }
    }
}

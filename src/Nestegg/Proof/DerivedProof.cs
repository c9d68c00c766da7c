using Nestegg.Contents;
using Nestegg.Ente;
using Nestegg.Ente.Cryptography;
using Nestegg.Ente.Library;
using Nestegg.Ente.Objects;
using Nestegg.Repositories.Files;
using Nestegg.Repositories.Index;

namespace Nestegg.Proof;

/// <summary>
/// Proves what Ente's apps derived from files: ML data, playlists and the videos that go with them, previews. It can be made again, so its
/// damage is a warning.
/// </summary>
internal sealed class DerivedProof(ProofObjects objects, ProvedObjects proved, ProofTally tally)
{
    // ML data of ordinary files has kilobytes; a hostile one may have 64 MiB, and then only one is in memory.
    private const int LargeBytes = 2 * 1024 * 1024;
    private static readonly SemaphoreSlim OneLarge = new(1);

    public async Task ProveAsync(FileCase it, CancellationToken cancellationToken)
    {
        string? playlist = null;
        foreach (var named in it.File.Objects.Where(named => !named.IsDeleted)
            .OrderByDescending(named => named.Kind == ObjectKind.VideoPlaylist))
        {
            if (named.Kind is not (ObjectKind.MlData or ObjectKind.VideoPlaylist or ObjectKind.VideoPreview or ObjectKind.ImagePreview))
            {
                continue;
            }

            if (objects.Find(named.Key) is not { } row)
            {
                it.Derived("derived-object-missing", $"the snapshot does not hold {named.Key}");
                continue;
            }

            // What is overwritten in place carries its own header: written again before it was copied, it is newer than its row.
            var isOfSize = named.SizeBytes is not { } stated || stated == row.SizeBytes;
            if (!isOfSize && named.Version is null)
            {
                it.Derived(
                    "derived-size-differs",
                    $"{FileCase.Where(named, row)}: the database says {named.StatedLength}, the snapshot holds {row.SizeBytes:N0}");
                continue;
            }

            // The playlist holds the key of its video, so it is opened every time.
            var stamp = ProvedObjects.Stamp(row, it.File.ImagePreviewHeader, it.File.Key!, playlist ?? "");
            if (isOfSize && named.Kind != ObjectKind.VideoPlaylist && proved.WasProvedBefore(stamp))
            {
                continue;
            }

            var (problem, opened) = await TryAsync(it.File, named, row, playlist, cancellationToken);
            playlist ??= opened;
            if (problem is null)
            {
                proved.Add(stamp);
                tally.Count(counts =>
                {
                    counts.DerivedObjects++;
                    counts.DerivedNewer += isOfSize ? 0 : 1;
                });
            }
            else
            {
                it.Derived("derived-object-damaged", $"{FileCase.Where(named, row)}: {problem}");
            }
        }
    }

    private async Task<(string? Problem, string? Playlist)> TryAsync(
        LibraryFile file, NamedObject named, IndexRow row, string? playlist, CancellationToken cancellationToken)
    {
        try
        {
            return named.Kind switch
            {
                ObjectKind.VideoPreview => (await OpenVideoAsync(row, playlist, cancellationToken), null),
                ObjectKind.ImagePreview => (await OpenImageAsync(file, row, cancellationToken), null),
                _ => await OpenJsonAsync(file, row, cancellationToken),
            };
        }
        catch (NesteggException failure)
        {
            return (failure.Message, null);
        }
    }

    private async Task<(string? Problem, string? Playlist)> OpenJsonAsync(
        LibraryFile file, IndexRow row, CancellationToken cancellationToken)
    {
        var isLarge = row.SizeBytes > LargeBytes;
        if (isLarge)
        {
            await OneLarge.WaitAsync(cancellationToken);
        }

        try
        {
            if (await objects.ReadAsync(row, FileData.MaxBytes, cancellationToken) is not { } content)
            {
                return ($"it has {Counted.Of(row.SizeBytes, "byte")}, more than any that an app makes", null);
            }

            tally.Count(counts => counts.DecryptedBytes += content.Length);
            return FileData.TryOpen(content, file.Key!, out var json, out var problem)
                ? (null, json.ValueKind == System.Text.Json.JsonValueKind.Object
                    && json.TryGetProperty("playlist", out var text) ? text.ToString() : null)
                : (problem, null);
        }
        finally
        {
            if (isLarge)
            {
                OneLarge.Release();
            }
        }
    }

    private async Task<string?> OpenImageAsync(LibraryFile file, IndexRow row, CancellationToken cancellationToken)
    {
        await using var encrypted = await objects.OpenAsync(row, cancellationToken);
        var outcome = await ContentReader.DecryptAsync(encrypted, file.Key!, file.ImagePreviewHeader, null, Stream.Null, cancellationToken);
        tally.Count(counts => counts.DecryptedBytes += outcome.PlaintextBytes);
        return outcome.Defect?.ToString();
    }

    private async Task<string?> OpenVideoAsync(IndexRow row, string? playlist, CancellationToken cancellationToken)
    {
        if (playlist is null)
        {
            return "its playlist, which holds its key, does not open";
        }

        if (!VideoPlaylist.TryParse(playlist, out var parsed))
        {
            return "its playlist is none that this program can read";
        }

        using (parsed)
        {
            if (parsed.EndBytes != row.SizeBytes)
            {
                return $"its playlist speaks of {Counted.Of(parsed.EndBytes, "byte")}, it has {row.SizeBytes:N0}";
            }

            // Nothing inside authenticates a video's bytes, so at least the copy is compared with what the backup read.
            await using var encrypted = new VerifyingStream(
                await objects.OpenAsync(row, cancellationToken), row.StoredAs, row.SizeBytes, row.Hash);
            tally.Count(counts => counts.DecryptedBytes += row.SizeBytes);
            return await parsed.CheckAsync(encrypted, cancellationToken);
        }
    }
}

namespace Nestegg.Ente.Library;

/// <summary>The hashes that the uploading app recorded: Base64 of the BLAKE2b-512 of the plaintext.</summary>
/// <param name="Whole">Of the file as it is stored; null when absent.</param>
/// <param name="Image">Of a live photo's picture.</param>
/// <param name="Video">Of a live photo's video.</param>
public sealed record RecordedHash(string? Whole, string? Image, string? Video)
{
    /// <summary>Nothing was recorded, as in old files: only the authenticators of the stream speak for the content.</summary>
    public bool IsAbsent => Whole is null && Image is null && Video is null;

    /// <summary>The hash is of the two parts and not of the zip.</summary>
    public bool IsOfParts => Image is not null || Video is not null;

    internal static RecordedHash Of(FileMetadata metadata)
    {
        if (metadata.Type != FileType.LivePhoto)
        {
            return new RecordedHash(NotEmpty(metadata.Hash), null, null);
        }

        if (NotEmpty(metadata.ImageHash) is { } image && NotEmpty(metadata.VideoHash) is { } video)
        {
            return new RecordedHash(null, image, video);
        }

        return metadata.Hash?.Split(':') is [{ Length: > 0 } first, { Length: > 0 } second]
            ? new RecordedHash(null, first, second)
            : new RecordedHash(NotEmpty(metadata.Hash), null, null);
    }

    private static string? NotEmpty(string? text) => string.IsNullOrEmpty(text) ? null : text;
}

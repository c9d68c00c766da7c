using System.Text.Json;
using Nestegg.Ente.Accounts;
using Nestegg.Ente.Cryptography;
using Nestegg.Ente.Database;
using Nestegg.Ente.Json;
using Nestegg.Ente.Objects;

namespace Nestegg.Ente.Library;

/// <summary>Everything that the database holds of one file, on its way to becoming a <see cref="LibraryFile"/>.</summary>
internal sealed class FileRows(long id)
{
    internal List<(Album Album, WrappedKey? Key)> Memberships { get; } = [];

    internal List<NamedObject> Objects { get; } = [];

    internal FileRow? Row { get; set; }

    internal string? ImagePreviewHeader { get; set; }

    internal long? TrashedUntil { get; set; }

    /// <summary>Opens what opens.</summary>
    internal LibraryFile Open(long userId)
    {
        var problems = new List<LibraryProblem>();
        if (Row is not { } row)
        {
            problems.Add(new LibraryProblem("file-row-missing", "an album names the file, and its row is not there", IsFatal: true));
            return new LibraryFile
            {
                Id = id,
                OwnerId = null,
                Albums = Albums(),
                HasContent = false,
                TrashedUntil = TrashedUntil,
                Objects = Objects,
                Problems = problems,
            };
        }

        var metadata = default(JsonElement);
        SecretKey? key = null;
        if (row.EncryptedMetadata == EnteTables.Scrubbed)
        {
            problems.Add(new LibraryProblem("file-scrubbed", "the file's row was emptied, as for a file deleted for good", IsFatal: true));
        }
        else
        {
            key = OpenKey(row, problems, out metadata);
        }

        try
        {
            return Open(row, userId, key, metadata, problems);
        }
        catch
        {
            key?.Dispose();
            throw;
        }
    }

    private LibraryFile Open(FileRow row, long userId, SecretKey? key, JsonElement metadata, List<LibraryProblem> problems)
    {
        var publicJson = OpenMagic(row.PublicMetadata, key, "public", problems);
        // The owner's wishes are the owner's: museum gives them to nobody else.
        var privateJson = OpenMagic(row.OwnerId == userId ? row.PrivateMetadata : null, key, "private", problems);
        var hasContent = row.ContentHeader.Length > 0 && row.ContentHeader != EnteTables.Scrubbed;
        var (contentHeader, thumbnailHeader) = (Decode(row.ContentHeader), Decode(row.ThumbnailHeader));
        if (hasContent)
        {
            CheckHeaders(contentHeader, thumbnailHeader, problems);
            CheckObjects(problems);
        }

        return new LibraryFile
        {
            Id = id,
            OwnerId = row.OwnerId,
            Albums = Albums(),
            Key = key,
            ContentHeader = contentHeader,
            ThumbnailHeader = thumbnailHeader,
            ImagePreviewHeader = Decode(ImagePreviewHeader),
            HasContent = hasContent,
            Metadata = metadata.ValueKind == JsonValueKind.Object ? FileMetadata.Read(metadata) : null,
            PublicMetadata = publicJson.ValueKind == JsonValueKind.Object ? PublicMetadata.Read(publicJson) : PublicMetadata.None,
            Visibility = privateJson.Integer("visibility") is >= 0 and <= int.MaxValue and var visibility
                ? (Visibility)visibility
                : Visibility.Visible,
            PrivateJson = privateJson,
            UpdatedAt = row.UpdatedAt,
            TrashedUntil = TrashedUntil,
            Objects = Objects,
            Problems = problems,
        };
    }

    private List<Album> Albums() => [.. Memberships.Select(membership => membership.Album).Distinct()];

    private SecretKey? OpenKey(FileRow row, List<LibraryProblem> problems, out JsonElement metadata)
    {
        using var choice = new FileKeyChoice(row);
        foreach (var (album, wrapped) in Memberships)
        {
            choice.Try(album, wrapped);
        }

        return choice.Take(Memberships.Count, problems, out metadata);
    }

    private static JsonElement OpenMagic(string? column, SecretKey? key, string which, List<LibraryProblem> problems)
    {
        var json = default(JsonElement);
        if (key is not null && !MagicMetadata.TryOpen(column, key, out json))
        {
            problems.Add(new LibraryProblem("magic-metadata-damaged", $"the file's {which} metadata does not open"));
        }

        return json;
    }

    private static void CheckHeaders(byte[] content, byte[] thumbnail, List<LibraryProblem> problems)
    {
        if (content.Length != SecretStream.HeaderBytes)
        {
            problems.Add(
                new LibraryProblem(
                    "file-header-damaged", $"the file's decryption header has {Counted.Of(content.Length, "byte")} instead of {SecretStream.HeaderBytes}",
                    IsFatal: true));
        }

        if (thumbnail.Length != SecretStream.HeaderBytes)
        {
            problems.Add(
                new LibraryProblem(
                    "thumbnail-header-damaged",
                    $"the thumbnail's decryption header has {Counted.Of(thumbnail.Length, "byte")} instead of {SecretStream.HeaderBytes}"));
        }
    }

    private void CheckObjects(List<LibraryProblem> problems)
    {
        if (!Objects.Exists(named => named.Kind == ObjectKind.File && !named.IsDeleted))
        {
            problems.Add(new LibraryProblem("object-row-missing", "the database names no object for the file's bytes", IsFatal: true));
        }

        if (!Objects.Exists(named => named.Kind == ObjectKind.Thumbnail && !named.IsDeleted))
        {
            problems.Add(new LibraryProblem("thumbnail-row-missing", "the database names no object for the file's thumbnail"));
        }
    }

    // A damaged header becomes an empty one, which no stream opens with.
    private static byte[] Decode(string? base64) => StandardBase64.TryDecode(base64, out var bytes) ? bytes : [];
}

/// <summary>A row of <c>files</c>.</summary>
internal sealed record FileRow(
    long OwnerId, string ContentHeader, string ThumbnailHeader, string EncryptedMetadata, string MetadataHeader, string? PrivateMetadata,
    string? PublicMetadata, long UpdatedAt);

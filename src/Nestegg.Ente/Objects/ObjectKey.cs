using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Nestegg.Ente.Objects;

/// <summary>
/// The key of an object in a bucket, taken apart: <c>42/0f8b…</c> for an original or a thumbnail, which the key does not tell apart,
/// <c>42/file-data/7/mldata</c>, <c>42/file-data/7/vid_preview/pv_x</c> and <c>…_playlist</c>, <c>42/file-data/7/img_preview/pi_x</c>,
/// <c>42/user-attachments/profile_picture/ua_x</c>, and <c>42/ml-data/7/…</c> of old instances.
/// </summary>
/// <param name="OwnerId">The user in whose part of the bucket it is.</param>
/// <param name="Name">What follows the owner and the slash.</param>
/// <remarks>Ente: server/pkg/controller/file.go, server/ente/filedata/path.go.</remarks>
public readonly record struct ObjectKey(long OwnerId, string Name)
{
    private const string PlaylistEnd = "_playlist";

    /// <summary>What the key's layout makes of the object; <see cref="ObjectKind.File"/> may be a thumbnail as well.</summary>
    public ObjectKind Kind => Name.Split('/') switch
    {
        ["file-data", _, "vid_preview", .., var last] =>
            last.EndsWith(PlaylistEnd, StringComparison.Ordinal) ? ObjectKind.VideoPlaylist : ObjectKind.VideoPreview,
        ["file-data", _, "img_preview", ..] => ObjectKind.ImagePreview,
        ["file-data" or "ml-data", _, ..] => ObjectKind.MlData,
        ["user-attachments", _, ..] => ObjectKind.ProfilePicture,
        _ => ObjectKind.File,
    };

    /// <summary>The row of <c>file_data</c> that names such an object; null when it is of another kind.</summary>
    internal (long FileId, string Type)? FileData =>
        Name.Split('/') is ["file-data", var file, var type, ..]
        && long.TryParse(file, NumberStyles.None, CultureInfo.InvariantCulture, out var fileId)
            ? (fileId, type)
            : null;

    /// <summary>The row of <c>user_attachments</c> that names such an object; null when it is of another kind.</summary>
    internal string? AttachmentId => Name.Split('/') is ["user-attachments", _, var id] ? id : null;

    /// <summary>Takes a key apart.</summary>
    /// <returns>False when it does not begin with a user's number: then it is no key of Ente's.</returns>
    public static bool TryParse([NotNullWhen(true)] string? text, out ObjectKey key)
    {
        key = default;
        if (text is null || !TryReadOwner(text, out var owner))
        {
            return false;
        }

        key = new ObjectKey(owner, text[(text.IndexOf('/') + 1)..]);
        return true;
    }

    /// <summary>The key as the bucket has it.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{OwnerId}/{Name}");

    /// <summary>A contact's picture.</summary>
    internal static ObjectKey OfPicture(long ownerId, string attachmentId) => OfAttachment(ownerId, "profile_picture", attachmentId);

    internal static ObjectKey OfAttachment(long ownerId, string type, string attachmentId) =>
        new(ownerId, $"user-attachments/{type}/{attachmentId}");

    /// <summary>Derived data that is one object a file.</summary>
    internal static ObjectKey OfFileData(long ownerId, long fileId, string type) =>
        new(ownerId, string.Create(CultureInfo.InvariantCulture, $"file-data/{fileId}/{type}"));

    /// <summary>A preview, of which there is another object after each upload.</summary>
    internal ObjectKey Upload(string objectId) => this with { Name = $"{Name}/{objectId}" };

    /// <summary>The playlist beside a video's preview.</summary>
    internal static string PlaylistOf(string previewKey) => previewKey + PlaylistEnd;

    /// <summary>The owner alone, without a copy of the rest.</summary>
    internal static bool TryReadOwner(ReadOnlySpan<char> text, out long ownerId)
    {
        ownerId = 0;
        var slash = text.IndexOf('/');
        return slash >= 0 && long.TryParse(text[..slash], NumberStyles.None, CultureInfo.InvariantCulture, out ownerId);
    }
}

using System.Text.Json;
using Nestegg.Ente.Cryptography;
using Nestegg.Ente.Objects;

namespace Nestegg.Ente.Library;

/// <summary>A file as one person sees it. Disposing it zeroes its key.</summary>
public sealed class LibraryFile : IDisposable
{
    /// <summary>Below this, a time is in milliseconds: as microseconds it would be in the first three years after 1970.</summary>
    private const long MillisecondsBelow = 100_000_000_000_000;

    /// <summary>The row's id.</summary>
    public required long Id { get; init; }

    /// <summary>Who uploaded it; in a shared album, not always the album's owner. Null when its row is not there.</summary>
    public required long? OwnerId { get; init; }

    /// <summary>Those of the given albums that it is in.</summary>
    public required IReadOnlyList<Album> Albums { get; init; }

    /// <summary>Its key; null when none of its wrappings opens.</summary>
    public SecretKey? Key { get; init; }

    /// <summary>
    /// The header that its bytes need; empty for an item without bytes; of another length than 24 when the row is damaged.
    /// </summary>
    public byte[] ContentHeader { get; init; } = [];

    /// <summary>The header that its thumbnail needs.</summary>
    public byte[] ThumbnailHeader { get; init; } = [];

    /// <summary>The header that its image preview needs.</summary>
    public byte[] ImagePreviewHeader { get; init; } = [];

    /// <summary>Whether there are bytes in a bucket; a Locker item that is no file has none.</summary>
    public required bool HasContent { get; init; }

    /// <summary>What the uploading app wrote; null when it does not open.</summary>
    public FileMetadata? Metadata { get; init; }

    /// <summary>What was edited later.</summary>
    public PublicMetadata PublicMetadata { get; init; } = PublicMetadata.None;

    /// <summary>What its owner wants; <see cref="Visibility.Visible"/> for anybody else.</summary>
    public Visibility Visibility { get; init; }

    /// <summary>The owner's own metadata; undefined when there is none, and for anybody else.</summary>
    public JsonElement PrivateJson { get; init; }

    /// <summary>Microseconds since 1970: when the row was changed.</summary>
    public long UpdatedAt { get; init; }

    /// <summary>In the trash, until this time in microseconds; null when it is not in the trash.</summary>
    public long? TrashedUntil { get; init; }

    /// <summary>Its objects: original, thumbnail, derived data.</summary>
    public IReadOnlyList<NamedObject> Objects { get; init; } = [];

    /// <summary>What of it does not open.</summary>
    public IReadOnlyList<LibraryProblem> Problems { get; init; } = [];

    /// <summary>The original, when the database names it.</summary>
    public NamedObject? Content => Find(ObjectKind.File);

    /// <summary>The thumbnail, when the database names it.</summary>
    public NamedObject? Thumbnail => Find(ObjectKind.Thumbnail);

    /// <summary>What it is.</summary>
    public FileType Type => Metadata?.Type ?? FileType.Unknown;

    /// <summary>The edited name, else the original; null when neither is known. Never use it as a path.</summary>
    public string? Name => PublicMetadata.EditedName ?? Metadata?.Title;

    /// <summary>When it was taken, in microseconds since 1970: the edited time, else the original.</summary>
    public long? CreationTime => PublicMetadata.EditedTime ?? Microseconds(Metadata?.CreationTime);

    /// <summary>When it was changed, in microseconds since 1970; very old files say only when they were taken.</summary>
    public long? ModificationTime => Microseconds(Metadata?.ModificationTime) ?? CreationTime;

    /// <summary>The edited place, else the original.</summary>
    public Location? Location => PublicMetadata.Location ?? Metadata?.Location;

    /// <summary>The description.</summary>
    public string? Caption => PublicMetadata.Caption;

    /// <summary>The hashes that its bytes have to have.</summary>
    public RecordedHash Hash => Metadata is null ? new RecordedHash(null, null, null) : RecordedHash.Of(Metadata);

    /// <summary>Hidden for the person: it is so itself, or all its albums are.</summary>
    public bool IsHidden => Visibility == Visibility.Hidden || (Albums.Count > 0 && Albums.All(album => album.IsHidden));

    /// <inheritdoc/>
    public void Dispose() => Key?.Dispose();

    /// <summary>Never its name.</summary>
    public override string ToString() => $"file {Id}";

    private bool IsInLocker => Albums.Count > 0 && Albums[0].App == "locker";

    private long? Microseconds(long? time) =>
        IsInLocker && time is > -MillisecondsBelow and < MillisecondsBelow ? time * 1000 : time;

    private NamedObject? Find(ObjectKind kind)
    {
        foreach (var named in Objects)
        {
            if (named.Kind == kind && !named.IsDeleted)
            {
                return named;
            }
        }

        return null;
    }
}

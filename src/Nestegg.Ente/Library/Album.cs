using System.Text.Json;
using Nestegg.Ente.Cryptography;

namespace Nestegg.Ente.Library;

/// <summary>An album as one person sees it. Disposing it zeroes its key.</summary>
public sealed class Album : IDisposable
{
    /// <summary>The row's id.</summary>
    public required long Id { get; init; }

    /// <summary>Who made it.</summary>
    public required long OwnerId { get; init; }

    /// <summary>Somebody else owns it and shares it with the person.</summary>
    public required bool IsShared { get; init; }

    /// <summary>The person's role: <c>OWNER</c>, <c>ADMIN</c>, <c>COLLABORATOR</c>, <c>VIEWER</c>.</summary>
    public required string Role { get; init; }

    /// <summary>A tombstone: shown nowhere, but its key still opens what was thrown into the trash from it.</summary>
    public required bool IsDeleted { get; init; }

    /// <summary><c>photos</c> or <c>locker</c>.</summary>
    public required string App { get; init; }

    /// <summary><c>album</c>, <c>folder</c>, <c>favorites</c> or <c>uncategorized</c>.</summary>
    public required string Type { get; init; }

    /// <summary>Its name: any text, also an empty one, chosen by its owner. Never use it as a path.</summary>
    public string Name { get; init; } = "";

    /// <summary>Its key; null when it does not open.</summary>
    public SecretKey? Key { get; init; }

    /// <summary>What its owner wants; <see cref="Visibility.Hidden"/> includes the album of hidden files.</summary>
    public Visibility Visibility { get; init; }

    /// <summary>What the person with whom it is shared wants.</summary>
    public Visibility ShareeVisibility { get; init; }

    /// <summary>1: the album of hidden files; 2: made for a link; else 0.</summary>
    public long SubType { get; init; }

    /// <summary>1 when the owner pinned it.</summary>
    public long Order { get; init; }

    /// <summary>The folder of a device that it was made from.</summary>
    public string? DevicePath { get; init; }

    /// <summary>Microseconds since 1970.</summary>
    public long UpdatedAt { get; init; }

    /// <summary>Everything else that everybody who sees it may know: order of files, cover; undefined when there is nothing.</summary>
    public JsonElement PublicJson { get; init; }

    /// <summary>What of it does not open.</summary>
    public IReadOnlyList<LibraryProblem> Problems { get; init; } = [];

    /// <summary>Hidden for the person.</summary>
    public bool IsHidden => (IsShared ? ShareeVisibility : Visibility) == Visibility.Hidden;

    /// <inheritdoc/>
    public void Dispose() => Key?.Dispose();

    /// <summary>Never its name.</summary>
    public override string ToString() => $"album {Id}";
}

using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using Nestegg.Ente.Cryptography;
using Nestegg.Ente.Json;

namespace Nestegg.Ente.Library;

/// <summary>What a person noted about somebody else. Disposing it zeroes its key.</summary>
public sealed class Contact : IDisposable
{
    /// <summary>The row's id.</summary>
    public required string Id { get; init; }

    /// <summary>The account that it is about.</summary>
    public required long ContactUserId { get; init; }

    /// <summary>The key of its data and picture; null when it does not open.</summary>
    public SecretKey? Key { get; init; }

    /// <summary>The name; null when the row does not open.</summary>
    public string? Name => Json.Text("name");

    /// <summary>The day of birth as the app wrote it.</summary>
    public string? BirthDate => Json.Text("birthDate");

    /// <summary>Everything; undefined when the row does not open.</summary>
    public JsonElement Json { get; init; }

    /// <summary>The key of the picture's object in the bucket; null when there is no picture.</summary>
    public string? PictureObjectKey { get; init; }

    /// <summary>Why it does not open.</summary>
    public LibraryProblem? Problem { get; init; }

    /// <summary>Opens the picture's object.</summary>
    public bool TryOpenPicture(ReadOnlySpan<byte> content, [NotNullWhen(true)] out byte[]? picture)
    {
        picture = null;
        return Key is not null && TryOpenCombined(content, Key, out picture);
    }

    /// <inheritdoc/>
    public void Dispose() => Key?.Dispose();

    /// <summary>Never the name.</summary>
    public override string ToString() => $"contact {Id}";

    /// <summary>A header and the message that follows it.</summary>
    internal static bool TryOpenCombined(ReadOnlySpan<byte> combined, SecretKey key, [NotNullWhen(true)] out byte[]? plaintext)
    {
        plaintext = null;
        return combined.Length >= SecretStream.HeaderBytes
            && SecretStream.TryOpen(
                combined[SecretStream.HeaderBytes..], combined[..SecretStream.HeaderBytes], key, requireFinal: true, out plaintext);
    }
}

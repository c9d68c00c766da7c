using System.Text.Json.Serialization;
using Nestegg.Repositories.Files;

namespace Nestegg.Repositories;

/// <summary>What <c>nestegg.json</c> says.</summary>
internal sealed record RepositoryDescription
{
    public const int CurrentFormat = 1;

    public required int Format { get; init; }

    /// <summary>16 random bytes in hexadecimal.</summary>
    public required string Id { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>age recipients that the secret parts are encrypted to.</summary>
    public required IReadOnlyList<string> Recipients { get; init; }

    /// <summary>The public key as in the second line of a minisign public key file.</summary>
    public required string SigningKey { get; init; }

    /// <summary>The hash of <c>identity.age</c>; <see langword="null"/> when the repository has none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ObjectHash? IdentitySha256 { get; init; }

    /// <summary>The hash of the file that this was read from or written to.</summary>
    [JsonIgnore]
    public ObjectHash Hash { get; init; }
}

/// <inheritdoc cref="RepositoryJson"/>
[JsonSerializable(typeof(RepositoryDescription))]
internal sealed partial class DescriptionJson : JsonSerializerContext
{
    public static DescriptionJson Instance { get; } = new(RepositoryJson.NewOptions());
}

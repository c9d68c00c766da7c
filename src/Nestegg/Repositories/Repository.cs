using System.Security.Cryptography;
using System.Text.Json;
using Nestegg.Formats.Age;
using Nestegg.Formats.Minisign;
using Nestegg.Repositories.Files;
using Nestegg.Stores;

namespace Nestegg.Repositories;

/// <summary>A repository of format 1. It owns its store: nobody else reads or writes there, and it goes with the repository.</summary>
internal sealed partial class Repository : IAsyncDisposable
{
    /// <summary>The comment of an identity file that names the repository.</summary>
    public const string RepositoryComment = "repository";

    /// <summary>The comment of an identity file that names the signing key.</summary>
    public const string SigningKeyComment = "signing key";

    private const int IdBytes = 16;

    private const string DamagedHint =
        "it is small and plain text: put it back from another copy of the repository, or write it again from the comments in the identity "
        + "file (nestegg help format)";

    private readonly IStore store;

    private Repository(IStore store, RepositoryDescription description, MinisignPublicKey signingKey) =>
        (this.store, Description, SigningKey) = (store, description, signingKey);

    /// <summary>Where this is, as a person would type it. Holds no secret.</summary>
    public string Location => store.Location;

    /// <inheritdoc cref="IStore.PlaceId"/>
    public string PlaceId => store.PlaceId;

    public RepositoryDescription Description { get; }

    /// <summary>What manifests must be signed with.</summary>
    public MinisignPublicKey SigningKey { get; }

    /// <inheritdoc cref="DamageClaims"/>
    public DamageClaims DamageClaims => new(store);

    /// <inheritdoc cref="Leftovers"/>
    public Leftovers Leftovers => new(this, store);

    public ProofArchive Proofs => new(store, Recipients);

    public IReadOnlyList<AgeRecipient> Recipients => [.. Description.Recipients.Select(AgeRecipient.Parse)];

    /// <summary>Makes a repository where there is none.</summary>
    /// <param name="store">Belongs to the repository from here on, and is closed when none is made.</param>
    /// <exception cref="NesteggException"><see cref="FailureKind.BadInput"/> when there is one already.</exception>
    public static Task<Repository> CreateAsync(
        IStore store, IReadOnlyList<AgeRecipient> recipients, MinisignPublicKey signingKey, TimeProvider time,
        CancellationToken cancellationToken) =>
        CreateAsync(store, recipients, signingKey, null, time, cancellationToken);

    /// <param name="identityFile">
    /// Makes, for a repository of this id, what becomes <c>identity.age</c>: an identity file that age encrypted to a passphrase.
    /// </param>
    public static Task<Repository> CreateAsync(
        IStore store, IReadOnlyList<AgeRecipient> recipients, MinisignPublicKey signingKey,
        Func<string, CancellationToken, Task<byte[]>>? identityFile, TimeProvider time, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfZero(recipients.Count);
        return TakeOverAsync(store, CreateAsync);

        async Task<Repository> CreateAsync()
        {
            if (await store.TryGetSizeAsync(RepositoryKeys.Description, cancellationToken) is not null)
            {
                throw new NesteggException(
                    FailureKind.BadInput, $"{store.Location} is a repository already",
                    "give another place, or go on in this one: nestegg init --identity FILE, or --signing-key FILE, adopts it");
            }

            var id = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(IdBytes));
            var identity = identityFile is null ? null : await identityFile(id, cancellationToken);
            var description = new RepositoryDescription
            {
                Format = RepositoryDescription.CurrentFormat,
                Id = id,
                CreatedAt = time.GetUtcNow(),
                Recipients = [.. recipients.Select(recipient => recipient.ToString())],
                SigningKey = signingKey.ToString(),
                IdentitySha256 = identity is null ? null : ObjectHash.Of(identity),
            };
            byte[] json = [.. JsonSerializer.SerializeToUtf8Bytes(description, DescriptionJson.Instance.RepositoryDescription), (byte)'\n'];
            if (identity is not null)
            {
                await store.PutAsync(RepositoryKeys.IdentityFile, identity, cancellationToken);
            }

            await store.PutAsync(RepositoryKeys.Description, json, cancellationToken);
            return new Repository(store, description with { Hash = ObjectHash.Of(json) }, signingKey);
        }
    }

    /// <param name="store">Belongs to the repository from here on, and is closed when none is opened.</param>
    /// <exception cref="NesteggException"><see cref="FailureKind.NoRepository"/> when there is none that this version can read.</exception>
    public static Task<Repository> OpenAsync(IStore store, CancellationToken cancellationToken) => TakeOverAsync(store, async () =>
    {
        var content = await store.TryReadAsync(RepositoryKeys.Description, cancellationToken)
            ?? throw NoRepository(
                $"there is no repository at {store.Location}: it has no {RepositoryKeys.Description}",
                "check the path, and that the disk is mounted; make a repository with nestegg init");
        var (description, signingKey) = ParseDescription(content, store.Location);
        return new Repository(store, description with { Hash = ObjectHash.Of(content) }, signingKey);
    });

    public ValueTask DisposeAsync()
    {
        places?.Dispose();
        placesGate.Dispose();
        return store.DisposeAsync();
    }

    /// <summary>
    /// Compares the repository with what the identity file says of it in its comments (<c># repository</c>, <c># signing key</c>),
    /// so that whoever holds the identity need not believe <c>nestegg.json</c>. A file without these comments says nothing.
    /// </summary>
    /// <exception cref="NesteggException">
    /// <see cref="FailureKind.WrongIdentity"/> for another repository's identity, <see cref="FailureKind.Damaged"/> for another signing
    /// key.
    /// </exception>
    public void CheckAgainst(AgeIdentityFile identities)
    {
        if (identities.Comments.TryGetValue(RepositoryComment, out var id) && id != Description.Id)
        {
            throw new NesteggException(
                FailureKind.WrongIdentity, $"the identity belongs to the repository {id}; the one at {Location} is {Description.Id}",
                "give the identity file that belongs to this repository");
        }

        if (identities.Comments.TryGetValue(SigningKeyComment, out var key) && key != Description.SigningKey)
        {
            throw Damage.Of(
                $"{RepositoryKeys.Description} at {Location} names the signing key {Description.SigningKey}; the identity file says {key}");
        }
    }

    /// <summary>Compares the repository with a signing key from elsewhere, so that nobody need believe <c>nestegg.json</c>.</summary>
    /// <exception cref="NesteggException"><see cref="FailureKind.Damaged"/> when it names another.</exception>
    public void CheckAgainst(MinisignPublicKey known)
    {
        if (known.ToString() != Description.SigningKey)
        {
            throw new NesteggException(
                FailureKind.Damaged,
                $"{RepositoryKeys.Description} at {Location} names the signing key {Description.SigningKey}; the configured one is {known}",
                "if this is another repository than the one of nestegg.yaml, name its own configuration with --config; if it is that one, "
                + "somebody else has written to it");
        }
    }

    /// <summary>
    /// The identity file that the repository keeps under a passphrase, as it is stored; <see langword="null"/> when there is none.
    /// </summary>
    /// <exception cref="NesteggException">
    /// <see cref="FailureKind.Damaged"/> when it is not the one that <c>nestegg.json</c> names.
    /// </exception>
    public async Task<byte[]?> TryReadIdentityFileAsync(CancellationToken cancellationToken)
    {
        var content = await store.TryReadAsync(RepositoryKeys.IdentityFile, cancellationToken);
        return content is null || ObjectHash.Of(content) == Description.IdentitySha256
            ? content
            : throw Damage.Of(
                $"{RepositoryKeys.IdentityFile} at {Location} hashes to {ObjectHash.Of(content)}, "
                + $"{RepositoryKeys.Description} says {Description.IdentitySha256?.ToString() ?? "that there is none"}");
    }

    private static async Task<Repository> TakeOverAsync(IStore store, Func<Task<Repository>> open)
    {
        Repository? repository = null;
        try
        {
            return repository = await open();
        }
        finally
        {
            if (repository is null)
            {
                await store.DisposeAsync();
            }
        }
    }

    private static (RepositoryDescription Description, MinisignPublicKey SigningKey) ParseDescription(byte[] content, string location)
    {
        RepositoryDescription? description;
        try
        {
            // The format first: what follows may look different in another one.
            using var document = JsonDocument.Parse(content);
            if (document.RootElement.TryGetProperty("format", out var format) && format.ValueKind == JsonValueKind.Number
                && format.GetDouble() != RepositoryDescription.CurrentFormat)
            {
                throw NoRepository(
                    $"the repository at {location} is of format {format}; this program reads format {RepositoryDescription.CurrentFormat}",
                    "use a newer nestegg");
            }

            description = document.Deserialize(DescriptionJson.Instance.RepositoryDescription);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw NoRepository(
                $"{RepositoryKeys.Description} at {location} is damaged: it is not the JSON that a repository begins with", DamagedHint, e);
        }

        // The id becomes the name of a file, beside what this machine remembers of other repositories.
        if (description is null
            || description.Id.Length != 2 * IdBytes
            || !description.Id.All(char.IsAsciiHexDigitLower)
            || description.Recipients.Count == 0
            || !description.Recipients.All(text => AgeRecipient.TryParse(text, out _))
            || !MinisignPublicKey.TryParse(description.SigningKey, out var key))
        {
            throw NoRepository(
                $"{RepositoryKeys.Description} at {location} is damaged: its id is none, or its recipients or its signing key are no keys",
                DamagedHint);
        }

        return (description, key!);
    }

    private static NesteggException NoRepository(string message, string hint, Exception? cause = null) =>
        new(FailureKind.NoRepository, message, hint, cause);
}

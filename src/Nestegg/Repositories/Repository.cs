using System.Security.Cryptography;
using System.Text.Json;
using Nestegg.Age;
using Nestegg.Minisign;
using Nestegg.Stores;

namespace Nestegg.Repositories;

/// <summary>A repository of format 1 on a store. The store stays its owner's.</summary>
internal sealed partial class Repository
{
    private const int SmallFileLimitBytes = 64 * 1024 * 1024;

    private Repository(IStore store, RepositoryDescription description, MinisignPublicKey signingKey) =>
        (Store, Description, SigningKey) = (store, description, signingKey);

    public IStore Store { get; }

    public RepositoryDescription Description { get; }

    /// <summary>What manifests must be signed with.</summary>
    public MinisignPublicKey SigningKey { get; }

    public IReadOnlyList<AgeRecipient> Recipients => [.. Description.Recipients.Select(AgeRecipient.Parse)];

    /// <summary>Makes a repository where there is none.</summary>
    /// <exception cref="NesteggException"><see cref="FailureKind.BadInput"/> when there is one already.</exception>
    public static Task<Repository> CreateAsync(
        IStore store, IReadOnlyList<AgeRecipient> recipients, MinisignPublicKey signingKey, TimeProvider time, CancellationToken cancellationToken) =>
        CreateAsync(store, recipients, signingKey, null, time, cancellationToken);

    /// <param name="identityFile">Makes, for a repository of this id, what becomes <c>identity.age</c>: an identity file that age encrypted to a passphrase.</param>
    public static async Task<Repository> CreateAsync(
        IStore store, IReadOnlyList<AgeRecipient> recipients, MinisignPublicKey signingKey,
        Func<string, CancellationToken, Task<byte[]>>? identityFile, TimeProvider time, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfZero(recipients.Count);
        if (await store.TryGetSizeAsync(RepositoryKeys.Description, cancellationToken) is not null)
            throw new NesteggException(FailureKind.BadInput, $"{store.Location} is a repository already", "give another place, or go on with this one: nestegg backup");
        var id = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));
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
        byte[] json = [.. JsonSerializer.SerializeToUtf8Bytes(description, RepositoryJson.Instance.RepositoryDescription), (byte)'\n'];
        if (identity is not null)
            await PutAsync(store, RepositoryKeys.IdentityFile, identity, cancellationToken);
        await PutAsync(store, RepositoryKeys.Description, json, cancellationToken);
        return new Repository(store, description with { Hash = ObjectHash.Of(json) }, signingKey);
    }

    /// <exception cref="NesteggException"><see cref="FailureKind.NoRepository"/> when there is none that this version can read.</exception>
    public static async Task<Repository> OpenAsync(IStore store, CancellationToken cancellationToken)
    {
        var content = await TryReadAsync(store, RepositoryKeys.Description, cancellationToken)
            ?? throw NoRepository($"there is no repository at {store.Location}: it has no {RepositoryKeys.Description}", "check the path, and that the disk is mounted; make a repository with nestegg init");
        RepositoryDescription? description;
        try
        {
            // The format first: what follows may look different in another one.
            using var document = JsonDocument.Parse(content);
            if (document.RootElement.TryGetProperty("format", out var format) && format.ValueKind == JsonValueKind.Number
                && format.GetDouble() != RepositoryDescription.CurrentFormat)
            {
                throw NoRepository($"the repository at {store.Location} is of format {format}; this program reads format {RepositoryDescription.CurrentFormat}", "use a newer nestegg");
            }

            description = document.Deserialize(RepositoryJson.Instance.RepositoryDescription);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw NoRepository($"{RepositoryKeys.Description} at {store.Location} is damaged: it is not the JSON that a repository begins with", DamagedHint, e);
        }

        if (description is null || description.Recipients.Count == 0 || !description.Recipients.All(text => AgeRecipient.TryParse(text, out _))
            || !MinisignPublicKey.TryParse(description.SigningKey, out var key))
        {
            throw NoRepository($"{RepositoryKeys.Description} at {store.Location} is damaged: its recipients or its signing key are no keys", DamagedHint);
        }

        return new Repository(store, description with { Hash = ObjectHash.Of(content) }, key!);
    }

    private const string DamagedHint = "it is small and plain text: put it back from another copy of the repository, or write it again from the comments in the identity file (docs/format.md)";

    /// <summary>
    /// Compares the repository with what the identity file says of it in its comments (<c># repository</c>, <c># signing key</c>),
    /// so that whoever holds the identity need not believe <c>nestegg.json</c>. A file without these comments says nothing.
    /// </summary>
    /// <exception cref="NesteggException"><see cref="FailureKind.WrongIdentity"/> for another repository's identity, <see cref="FailureKind.Damaged"/> for another signing key.</exception>
    public void CheckAgainst(AgeIdentityFile identities)
    {
        if (identities.Comments.TryGetValue(RepositoryComment, out var id) && id != Description.Id)
            throw new NesteggException(FailureKind.WrongIdentity, $"the identity belongs to the repository {id}; the one at {Store.Location} is {Description.Id}", "give the identity file that belongs to this repository");
        if (identities.Comments.TryGetValue(SigningKeyComment, out var key) && key != Description.SigningKey)
            throw Damage.Of($"{RepositoryKeys.Description} at {Store.Location} names the signing key {Description.SigningKey}; the identity file says {key}");
    }

    /// <summary>The comment of an identity file that names the repository.</summary>
    public const string RepositoryComment = "repository";

    /// <summary>The comment of an identity file that names the signing key.</summary>
    public const string SigningKeyComment = "signing key";

    /// <summary>Writes a small file in one step.</summary>
    internal static async Task PutAsync(IStore store, string key, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        await using var item = await store.CreateAsync(content.Length, cancellationToken);
        await item.WriteAsync(content, cancellationToken);
        await item.CommitAsync(key, cancellationToken);
    }

    /// <summary>Reads a small file; <see langword="null"/> when it is absent.</summary>
    internal static async Task<byte[]?> TryReadAsync(IStore store, string key, CancellationToken cancellationToken)
    {
        await using var stream = await store.TryOpenAsync(key, 0, null, cancellationToken);
        if (stream is null)
            return null;
        using var content = new MemoryStream();
        var block = new byte[64 * 1024];
        int count;
        while ((count = await stream.ReadAsync(block, cancellationToken)) > 0)
        {
            content.Write(block, 0, count);
            if (content.Length > SmallFileLimitBytes)
                throw Damage.Of($"{key} at {store.Location} is longer than {SmallFileLimitBytes} bytes");
        }

        return content.ToArray();
    }

    private static NesteggException NoRepository(string message, string hint, Exception? cause = null) =>
        new(FailureKind.NoRepository, message, hint, cause);
}

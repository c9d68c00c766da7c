using System.Security.Cryptography;
using System.Text;
using Nestegg.Ente.Configuration;
using Nestegg.Ente.Scratch;
using Nestegg.Formats.Age;
using Nestegg.Formats.Minisign;
using Nestegg.Repositories;
using Nestegg.Stores;
using Nestegg.Stores.Local;

namespace Nestegg.Settings;

/// <summary>What <c>nestegg init</c> is asked to make.</summary>
public sealed record SetupRequest
{
    /// <summary>Where nestegg.yaml goes.</summary>
    public required string ConfigurationPath { get; init; }

    public required string InstanceFolder { get; init; }

    /// <summary>A folder or <c>s3://…</c>, as it is written into nestegg.yaml.</summary>
    public required string RepositoryLocation { get; init; }

    public string InstanceName { get; init; } = "";

    public IReadOnlyList<string> Map { get; init; } = [];

    /// <summary>museum.yaml, where it is elsewhere than it is looked for; so the next three.</summary>
    public string? MuseumYaml { get; init; }

    public string? CredentialsYaml { get; init; }

    public IReadOnlyList<string> ComposeFiles { get; init; } = [];

    public IReadOnlyList<string> EnvironmentFiles { get; init; } = [];

    public IReadOnlyList<AgeRecipient> Recipients { get; init; } = [];

    /// <summary>Where a new identity is written; <see langword="null"/> for none.</summary>
    public string? NewIdentityPath { get; init; }

    /// <summary>Whether the new identity may lie on the disk that the repository is on.</summary>
    public bool IsIdentityBesideRepository { get; init; }

    /// <summary>
    /// The signing key of a repository that is there already; <see langword="null"/> for the one beside nestegg.yaml, if there is one.
    /// </summary>
    public string? SigningKeyPath { get; init; }

    /// <summary>Whether a passphrase will be asked for once the rest is known to be right.</summary>
    public bool IsPassphraseWanted { get; init; }

    /// <summary>
    /// A passphrase in UTF-8 under which a new identity is kept in the repository; <see langword="null"/> for none. The caller wipes it.
    /// </summary>
    public byte[]? Passphrase { get; init; }
}

/// <summary>What was made.</summary>
/// <param name="Recipients">The public halves of all identities that open the secret parts.</param>
/// <param name="SigningKeyPath">Where the key is that signs snapshots.</param>
internal sealed record MadeRepository(Repository Repository, IReadOnlyList<AgeRecipient> Recipients, string SigningKeyPath);

/// <summary>
/// Makes a repository, the keys that belong to it, and the nestegg.yaml that leads to it. Nothing that exists is overwritten.
/// </summary>
internal sealed class RepositorySetup(SetupRequest request, TimeProvider time)
{
    /// <summary>What the signing key's file is called; it lies beside nestegg.yaml.</summary>
    public const string SigningKeyName = "nestegg.key";

    private readonly string signingKeyPath = Path.Join(Path.GetDirectoryName(request.ConfigurationPath), SigningKeyName);

    /// <summary>What there must be before anything is made.</summary>
    /// <exception cref="NesteggException">A file is in the way, or nobody could open the backups.</exception>
    public void Check()
    {
        RequireAbsent(request.ConfigurationPath);
        if (File.Exists(signingKeyPath))
        {
            throw new NesteggException(
                FailureKind.BadInput, $"{signingKeyPath} exists already, and there is no repository at {request.RepositoryLocation}",
                "it belongs to a repository that was made before: name that one with --repository and it is adopted; for a new one give "
                + "--config a file in another folder, where its own key goes");
        }

        if (request.NewIdentityPath is { } identity)
        {
            RequireAbsent(identity);
        }

        RequireOtherDisk();
        if (request.Recipients.Count == 0 && request.NewIdentityPath is null
            && request.Passphrase is null && !request.IsPassphraseWanted)
        {
            throw new NesteggException(
                FailureKind.BadInput, "nobody could open these backups: no recipient is named",
                "give --recipient age1…, or --new-identity FILE, or --passphrase");
        }
    }

    /// <exception cref="NesteggException">There is a file of that name already.</exception>
    public static void RequireAbsent(string path)
    {
        if (File.Exists(path))
        {
            throw new NesteggException(
                FailureKind.BadInput, $"{path} exists already", "move it away, or give --config or --new-identity another place");
        }
    }

    private void RequireOtherDisk()
    {
        var repository = request.RepositoryLocation;
        if (request.NewIdentityPath is not { } identity || repository.StartsWith("s3://", StringComparison.OrdinalIgnoreCase))
        {
            return;
        }

        if (LinkedPath.IsWithin(identity, repository))
        {
            throw new NesteggException(
                FailureKind.BadInput, $"{identity} would be inside the repository, which it opens",
                "give --new-identity a place outside of it: a USB stick, say");
        }

        var disk = Volume.Of(Existing(identity));
        if (!request.IsIdentityBesideRepository && disk.Length > 0 && disk == Volume.Of(Existing(repository)))
        {
            throw new NesteggException(
                FailureKind.BadInput,
                $"{identity} would be on the same disk as the repository {repository}: whoever gets that disk opens the backups, and when it "
                + "breaks, both are gone",
                "give --new-identity a place on another disk, a USB stick say; is the repository's disk mounted? To write it here all the "
                + "same and move it away afterwards, add --identity-beside-repository");
        }
    }

    // Neither need be there yet.
    private static string Existing(string path)
    {
        while (!Directory.Exists(path))
        {
            path = Path.GetDirectoryName(path)!;
        }

        return path;
    }

    public async Task<MadeRepository> RunAsync(IStore store, CancellationToken cancellationToken)
    {
        Check();
        using var signingKey = MinisignSecretKey.Generate();
        using var fileIdentity = request.NewIdentityPath is null ? null : AgeIdentity.Generate();
        using var passphraseIdentity = request.Passphrase is null ? null : AgeIdentity.Generate();
        IReadOnlyList<AgeRecipient> recipients =
            [.. request.Recipients, .. new[] { fileIdentity, passphraseIdentity }.OfType<AgeIdentity>()
                .Select(identity => identity.Recipient)];

        // All places are tried before anything is made: a repository that nobody can open, or go on with, is in its own way.
        using var identityFile = request.NewIdentityPath is { } identityPath
            ? OutputFile.CreateSecret(identityPath, "the identity") : null;
        using var configurationFile = OutputFile.CreateSecret(request.ConfigurationPath, "the configuration");
        using var signingKeyFile = OutputFile.CreateSecret(signingKeyPath, "the signing key");

        // The key is safe on disk before the repository names it; when the repository cannot be made, the key is worth nothing.
        WriteSecret(signingKeyFile, signingKey.ToFileText());
        Repository repository;
        try
        {
            repository = await Repository.CreateAsync(
                store, recipients, signingKey.PublicKey,
                passphraseIdentity is null
                    ? null
                    : (id, token) => UnderPassphraseAsync(IdentityText(passphraseIdentity, id, signingKey.PublicKey), token),
                time, cancellationToken);
        }
        catch
        {
            Leftover.Remove(signingKeyPath);
            throw;
        }

        if (fileIdentity is not null)
        {
            WriteSecret(identityFile!, IdentityText(fileIdentity, repository.Description.Id, signingKey.PublicKey));
        }

        var configuration = NewConfiguration.Text(request, SigningKeyName, signingKey.PublicKey, recipients);
        WriteSecret(configurationFile, Encoding.UTF8.GetBytes(configuration));
        return new MadeRepository(repository, recipients, signingKeyPath);
    }

    private byte[] IdentityText(AgeIdentity identity, string repositoryId, MinisignPublicKey signingKey) => AgeIdentityFile.Write(
        identity, time.GetUtcNow(),
        [
            new("note", "This file opens the backups. Keep it off the server that makes them, twice, where you find it on a bad day."),
            new(Repository.RepositoryComment, repositoryId),
            new(Repository.SigningKeyComment, signingKey.ToString()),
        ]);

    private async Task<byte[]> UnderPassphraseAsync(byte[] text, CancellationToken cancellationToken)
    {
        try
        {
            var locked = new MemoryStream();
            await using (var writer =
                await AgeWriter.CreateWithPassphraseAsync(locked, request.Passphrase, AgePassphrase.DefaultLogWork, cancellationToken))
            {
                await writer.WriteAsync(text, cancellationToken);
                await writer.CompleteAsync(cancellationToken);
            }

            return locked.ToArray();
        }
        finally
        {
            CryptographicOperations.ZeroMemory(text);
        }
    }

    private static void WriteSecret(OutputFile file, byte[] content)
    {
        try
        {
            file.WriteSecret(content);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(content);
        }
    }
}

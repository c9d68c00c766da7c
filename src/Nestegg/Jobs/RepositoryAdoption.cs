using System.Security.Cryptography;
using System.Text;
using Nestegg.Formats.Minisign;
using Nestegg.Opening;
using Nestegg.Repositories;
using Nestegg.Repositories.Files;
using Nestegg.Settings;

namespace Nestegg.Jobs;

/// <summary>
/// The nestegg.yaml for a repository that is there already, after the old one was lost or on a new machine. The repository is not believed
/// about itself: the identity file's comments or the signing key say whose signatures count, and what was signed or given says who can open
/// the backups. Nothing is written but nestegg.yaml.
/// </summary>
/// <param name="committed">Snapshots that this machine knows to have been finished.</param>
internal sealed class RepositoryAdoption(
    SetupRequest request, IdentitySource identities, IReadOnlySet<SnapshotId> committed, RunLog log)
{
    private readonly string signingKeyPath = request.SigningKeyPath
        ?? Path.Join(Path.GetDirectoryName(request.ConfigurationPath), RepositorySetup.SigningKeyName);

    /// <param name="opensStored">A person has said that the identity which the repository keeps is to be opened.</param>
    /// <exception cref="NesteggException">Neither key nor identity was given, or the repository is not theirs.</exception>
    public async Task<InitResult> RunAsync(Repository repository, bool opensStored, CancellationToken cancellationToken)
    {
        if (request.NewIdentityPath is not null)
        {
            throw new NesteggException(
                FailureKind.BadInput,
                $"{repository.Location} is a repository already: a new identity would not open what is in it",
                $"to go on in it, leave out --new-identity and add {KeyOptions(repository)}; for a new repository give another place");
        }

        using var signingKey = ReadSigningKey();
        if (signingKey is not null)
        {
            CheckSigningKey(repository, signingKey.PublicKey);
        }

        var isIdentityGiven = identities.Files.Count > 0 || opensStored;
        if (!isIdentityGiven && signingKey is null)
        {
            throw new NesteggException(
                FailureKind.BadInput,
                $"{repository.Location} is a repository already, and nothing that was given says that it is yours",
                $"to go on in it, add {KeyOptions(repository)}; for a new repository give another place");
        }

        using var opened = isIdentityGiven ? await OpenedIdentities.OpenAsync(identities, repository, cancellationToken) : null;
        var own = (opened?.Identities ?? []).Select(identity => identity.Recipient.ToString()).ToArray();
        RequireRecipient(repository, own);
        await RequireOwnRecipientsAsync(repository, own, cancellationToken);
        if (signingKey is null && opened?.NamesSigningKey != true)
        {
            log.Find(
                "signing-key-unvouched", Severity.Warning, repository.Location,
                $"the identity has no comment that names the signing key: only the repository itself says that it is {repository.SigningKey}",
                "compare it with what you have elsewhere: signing-public-key in an old nestegg.yaml, or a copy of nestegg.key");
        }

        WriteConfiguration(repository);
        if (signingKey is null)
        {
            log.Find(
                "signing-key-absent", Severity.Warning, signingKeyPath,
                "the signing key is not here: everything in the repository can be restored, proved and exported, and nothing can be added",
                $"put a copy of {RepositorySetup.SigningKeyName} at {signingKeyPath}, and nestegg backup goes on in this repository; where it "
                + "is lost, begin a new one: nestegg init with another --repository and another --config. No new key fits this one");
        }

        return new InitResult(repository.Location, repository.Description.Id, signingKeyPath, repository.Recipients.Count)
        {
            IsAdopted = true, IsSigningKeyAbsent = signingKey is null,
        };
    }

    private static string KeyOptions(Repository repository) =>
        (repository.Description.IdentitySha256 is null
            ? "--identity FILE (the file that init --new-identity wrote)"
            : "--passphrase (that of the identity which the repository keeps), or --identity FILE")
        + $", or --signing-key FILE (its {RepositorySetup.SigningKeyName})";

    private MinisignSecretKey? ReadSigningKey()
    {
        const string what = "the signing key";
        var text = request.SigningKeyPath is { } named
            ? NamedFile.Read(named, what, "give the file that nestegg init wrote, or leave out --signing-key and give --identity FILE")
            : NamedFile.TryRead(signingKeyPath, what);
        try
        {
            return text is null ? null : MinisignSecretKey.Parse(text, signingKeyPath);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(text);
        }
    }

    private void CheckSigningKey(Repository repository, MinisignPublicKey known)
    {
        if (known.ToString() != repository.Description.SigningKey)
        {
            throw new NesteggException(
                FailureKind.BadInput,
                $"the signing key {signingKeyPath} is {known}; {RepositoryKeys.Description} at {repository.Location} names "
                + repository.Description.SigningKey,
                "if it is another repository's key, give this one's with --signing-key FILE, or --config a file in another folder; if it is "
                + "this one's, somebody else has written to the repository: compare it with another copy");
        }
    }

    private static void RequireRecipient(Repository repository, string[] own)
    {
        if (own.Length > 0 && !own.Intersect(repository.Description.Recipients).Any())
        {
            throw new NesteggException(
                FailureKind.WrongIdentity,
                $"the identity opens nothing at {repository.Location}: it is {string.Join(", ", own)}, and the repository is for "
                + string.Join(", ", repository.Description.Recipients),
                "give the identity file of this repository with --identity FILE");
        }
    }

    // Those that a person holds or names, or else those of the file that the newest signed snapshot was made with.
    private async Task RequireOwnRecipientsAsync(Repository repository, string[] own, CancellationToken cancellationToken)
    {
        var found = repository.Description.Recipients.ToHashSet(StringComparer.Ordinal);
        var given = request.Recipients.Select(recipient => recipient.ToString()).ToArray();
        if (found.SetEquals(own.Concat(given)) || (given.Length > 0 && found.SetEquals(given)))
        {
            return;
        }

        if (given.Length > 0)
        {
            throw new NesteggException(
                FailureKind.BadInput,
                $"{RepositoryKeys.Description} at {repository.Location} names the recipients {string.Join(", ", found)}; given were "
                + string.Join(", ", own.Concat(given).Distinct()),
                "give each that is yours with --recipient; without any, those of the newest signed snapshot are taken");
        }

        await repository.RequireOwnRecipientsAsync([], committed, cancellationToken, accept: "give each of them with --recipient");
    }

    private void WriteConfiguration(Repository repository)
    {
        using var file = OutputFile.CreateSecret(request.ConfigurationPath, "the configuration");
        var adopted = request with { NewIdentityPath = identities.Files.Count > 0 ? identities.Files[0] : null };
        var text = NewConfiguration.Text(
            adopted, request.SigningKeyPath ?? RepositorySetup.SigningKeyName, repository.SigningKey, repository.Recipients);
        file.WriteSecret(Encoding.UTF8.GetBytes(text));
    }
}

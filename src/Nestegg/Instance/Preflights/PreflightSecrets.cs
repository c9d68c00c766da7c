using System.Diagnostics;
using System.Runtime.CompilerServices;
using Nestegg.Ente.Configuration;
using Nestegg.Ente.Database;
using Nestegg.Ente.Integrity;

namespace Nestegg.Instance.Preflights;

/// <summary>
/// Whether <c>key.encryption</c> opens the e-mail addresses of this database and <c>key.hash</c> reproduces their hashes. The oldest and
/// the newest accounts are looked at: where a secret was changed on the way, they differ.
/// </summary>
internal static class PreflightSecrets
{
    public static async IAsyncEnumerable<Finding> LookAsync(
        EnteInstance instance, EnteRows rows, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var configuration = instance.Folder.Configuration;
        using var secrets = MuseumSecrets.From(configuration);
        var sample = await SecretsTrial.RunAsync(rows, secrets, cancellationToken);
        if (sample.Users == 0)
        {
            yield return new Finding(
                "database-empty", Severity.Warning, "users", "there is no account in this database",
                "is db.name the database of museum? After a server move: was the old database restored?");
            yield break;
        }

        if (sample.Emails == 0)
        {
            yield return new Finding(
                "secrets-unproven", Severity.Note, "users", "no account has an e-mail address, so the secrets could not be tried");
            yield break;
        }

        if (secrets.EncryptionKey is null)
        {
            yield break;
        }

        foreach (var twins in await AddressTwins.FindAsync(rows, secrets, cancellationToken))
        {
            yield return new Finding(
                "address-twice", Severity.Warning, $"account {twins[0].UserId}",
                $"the accounts {string.Join(" and ", twins)} have one address; whoever signs in with it sees one of them",
                "was key.hash changed? The earlier one leads to the earlier account. prove, export and find take an account by its number");
        }

        foreach (var finding in Judge(sample, secrets, configuration))
        {
            yield return finding;
        }
    }

    private static IEnumerable<Finding> Judge(SecretsTrial sample, MuseumSecrets secrets, MuseumConfiguration configuration)
    {
        Debug.Assert(
            sample.Hashed <= sample.Opened && sample.Opened <= sample.Emails && sample.Emails <= sample.Users,
            "Only an address that was opened can be hashed.");
        if (sample.Opened < sample.Emails)
        {
            yield return Wrong(
                "key-encryption-wrong", "key.encryption", $"opens {sample.Opened} of {sample.Emails} e-mail addresses", sample.Opened,
                configuration);
        }

        if (sample.Opened == 0)
        {
            yield return new Finding(
                "key-hash-untested", Severity.Note, "key.hash", "could not be tried, because no e-mail address could be opened");
        }
        else if (!secrets.HashKey.IsEmpty && sample.Hashed < sample.Opened)
        {
            yield return Wrong(
                "key-hash-wrong", "key.hash", $"reproduces {sample.Hashed} of {sample.Opened} e-mail hashes", sample.Hashed, configuration);
        }
        else if (sample.Opened == sample.Emails && !secrets.HashKey.IsEmpty)
        {
            yield return new Finding(
                "secrets-ok", Severity.Ok, "key.encryption, key.hash",
                $"they open {sample.Emails} of {sample.Emails} e-mail addresses and reproduce their hashes");
        }
    }

    private static Finding Wrong(string code, string key, string what, int fitting, MuseumConfiguration configuration)
    {
        var means = fitting == 0 ? "the secret does not open this database" : "the secret was changed at some time";
        var hint = fitting == 0
            ? "find the museum.yaml that this database was made with: without its secret nobody can sign in. Objects are backed up "
                + "meanwhile, but the snapshot is not called complete"
            : "find the earlier secret: the accounts made under it cannot sign in with this one";
        return new Finding(code, Severity.Error, key, $"{configuration.Describe(key)} {what}: {means}", hint);
    }
}

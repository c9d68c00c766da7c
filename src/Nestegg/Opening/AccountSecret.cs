using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Nestegg.Ente.Accounts;
using Nestegg.Ente.Configuration;
using Nestegg.Ente.Cryptography;
using Nestegg.Ente.Library;
using Nestegg.Snapshots;

namespace Nestegg.Opening;

/// <summary>A password or a recovery key; wiped when it is disposed.</summary>
public sealed class AccountSecret : IDisposable
{
    private readonly byte[] password;
    private readonly SecretKey? recoveryKey;

    // Once an account has opened, its master key opens it in every snapshot: it outlives changes of the password.
    private SecretKey? masterKey;

    internal AccountSecret(byte[] password, SecretKey? recoveryKey) => (this.password, this.recoveryKey) = (password, recoveryKey);

    internal ReadOnlyMemory<byte> Password => password;

    internal SecretKey? RecoveryKey => recoveryKey;

    /// <param name="password">In UTF-8; becomes this object's, which wipes it.</param>
    public static AccountSecret OfPassword(byte[] password) => new(password, null);

    /// <param name="text">24 words or 64 hexadecimal digits, in UTF-8; wiped.</param>
    /// <exception cref="NesteggException">It is no recovery key.</exception>
    public static AccountSecret OfRecoveryKey(byte[] text)
    {
        var letters = Encoding.UTF8.GetChars(text);
        CryptographicOperations.ZeroMemory(text);
        var isKey = Ente.Cryptography.RecoveryKey.TryParse(letters, out var key, out var problem);
        Array.Clear(letters);
        return isKey
            ? new AccountSecret([], key)
            : throw new NesteggException(FailureKind.BadInput, problem!, "it has 24 words, or 64 hexadecimal digits");
    }

    /// <summary>Finds the account in a snapshot and opens it.</summary>
    /// <param name="user">An address or a number.</param>
    /// <exception cref="NesteggException">There is no such account, it has no keys, or this does not open it.</exception>
    internal async Task<(long UserId, KeyChain Keys)> OpenAsync(
        string user, OpenedSnapshot snapshot, LibraryReader reader, CancellationToken cancellationToken)
    {
        var found = await FindAsync(user, snapshot, reader, cancellationToken);
        if (found.Count == 0)
        {
            throw new NesteggException(
                FailureKind.BadInput, $"the snapshot {snapshot.Manifest.Id} has no account {user}",
                "check the address, or give the account's number; nestegg snapshots lists other snapshots");
        }

        OpenResult? last = null;
        foreach (var account in found.Where(account => account.HasKeys))
        {
            var attributes = (await reader.KeyAttributesAsync(account.Id, cancellationToken))!;
            last = Open(attributes, await reader.SrpRecordAsync(account.Id, cancellationToken));
            if (last.IsOpened)
            {
                masterKey ??= last.KeyChain.MasterKey.Copy();
                return (account.Id, last.KeyChain);
            }
        }

        throw new NesteggException(
            last?.Outcome == OpenOutcome.Damaged ? FailureKind.Damaged : FailureKind.BadInput,
            last is null
                ? $"the account {user} has no keys: its sign-up was not finished"
                : $"{user} in {snapshot.Manifest.Id}: {last.Message}",
            last?.Outcome switch
            {
                OpenOutcome.WrongPassword =>
                    "the password that was in force when the snapshot was made is needed; the recovery key opens every snapshot",
                null => "there is nothing of it to open",
                _ => "try the other of the two: password, or recovery key",
            });
    }

    /// <summary>The numbers of people by their addresses.</summary>
    internal static async Task<IReadOnlyCollection<long>> NumbersAsync(
        IEnumerable<string> users, OpenedSnapshot snapshot, LibraryReader reader, CancellationToken cancellationToken)
    {
        var numbers = new List<long>();
        foreach (var user in users)
        {
            var found = await FindAsync(user, snapshot, reader, cancellationToken);
            numbers.AddRange(found.Count > 0
                ? found.Select(account => account.Id)
                : throw new NesteggException(
                    FailureKind.BadInput, $"the snapshot {snapshot.Manifest.Id} has no account {user}",
                    "check the address, or give the account's number"));
        }

        return numbers;
    }

    /// <summary>All accounts with an address, whatever hash they are found by. None for a number.</summary>
    internal static async Task<IReadOnlyList<long>> SameAddressAsync(
        string user, OpenedSnapshot snapshot, LibraryReader reader, CancellationToken cancellationToken)
    {
        if (IsNumber(user, out _))
        {
            return [];
        }

        using var secrets = await snapshot.ReadSecretsAsync(cancellationToken);
        return [.. (await reader.FindUsersByAddressAsync(user, secrets, cancellationToken)).Where(account => account.HasKeys)
            .Select(account => account.Id)];
    }

    public void Dispose()
    {
        CryptographicOperations.ZeroMemory(password);
        recoveryKey?.Dispose();
        masterKey?.Dispose();
    }

    private OpenResult Open(KeyAttributes attributes, SrpRecord? login)
    {
        if (masterKey is not null && KeyChain.OpenWithMasterKey(attributes, masterKey) is { IsOpened: true } known)
        {
            return known;
        }

        return recoveryKey is not null
            ? KeyChain.OpenWithRecoveryKey(attributes, recoveryKey)
            : KeyChain.OpenWithPassword(attributes, password, login);
    }

    private static async Task<IReadOnlyList<LibraryUser>> FindAsync(
        string user, OpenedSnapshot snapshot, LibraryReader reader, CancellationToken cancellationToken)
    {
        if (IsNumber(user, out var id))
        {
            return await reader.FindUserAsync(id, null, cancellationToken) is { } one ? [one] : [];
        }

        using var secrets = await snapshot.ReadSecretsAsync(cancellationToken);
        return await reader.FindUsersAsync(user, secrets, cancellationToken);
    }

    private static bool IsNumber(string user, out long id) => long.TryParse(user, NumberStyles.None, CultureInfo.InvariantCulture, out id);
}

using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Nestegg.Ente;
using Nestegg.Ente.Accounts;
using Nestegg.Ente.Configuration;
using Nestegg.Ente.Cryptography;
using Nestegg.Ente.Integrity;
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
    /// <returns>The account, and others with keys that have the same address and that this does not open.</returns>
    /// <exception cref="NesteggException">
    /// There is no such account, it has no keys, this does not open it, or it opens several that have the address.
    /// </exception>
    internal async Task<(long UserId, KeyChain Keys, IReadOnlyList<long> Others)> OpenAsync(
        string user, OpenedSnapshot snapshot, LibraryReader reader, CancellationToken cancellationToken)
    {
        var found = await FindAsync(user, snapshot, reader, cancellationToken);
        if (found.Count == 0)
        {
            throw new NesteggException(
                FailureKind.BadInput, $"the snapshot {snapshot.Manifest.Id} has no account {user}",
                "check the address, or give the account's number; nestegg snapshots lists other snapshots");
        }

        long[] withKeys = [.. found.Where(account => account.HasKeys).Select(account => account.Id)];
        OpenResult? refused = null;
        var opened = new List<(long UserId, KeyChain Keys)>();
        foreach (var id in withKeys)
        {
            var attributes = (await reader.KeyAttributesAsync(id, cancellationToken))!;
            var result = Open(attributes, await reader.SrpRecordAsync(id, cancellationToken));
            if (result.IsOpened)
            {
                opened.Add((id, result.KeyChain));
            }

            refused = result.IsOpened ? refused : result;
        }

        if (opened.Count != 1)
        {
            opened.ForEach(account => account.Keys.Dispose());
            throw opened.Count > 1
                ? await AmbiguousAsync(user, snapshot, withKeys, cancellationToken)
                : Closed(user, snapshot, withKeys, refused);
        }

        masterKey ??= opened[0].Keys.MasterKey.Copy();
        return (opened[0].UserId, opened[0].Keys, [.. withKeys.Where(id => id != opened[0].UserId)]);
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

    private static NesteggException Closed(
        string user, OpenedSnapshot snapshot, long[] accounts, OpenResult? last) => new(
        last?.Outcome switch
        {
            OpenOutcome.Damaged => FailureKind.Damaged,
            OpenOutcome.WrongPassword => FailureKind.WrongSecret,
            _ => FailureKind.BadInput,
        },
        last is null
            ? $"the account {user} has no keys: its sign-up was not finished"
            : $"{user} in {snapshot.Manifest.Id}: {last.Message}"
                + (accounts.Length > 1 ? $" (tried with the accounts {string.Join(" and ", accounts)}, which have the address)" : ""),
        last?.Outcome switch
        {
            OpenOutcome.WrongPassword =>
                "the password that was in force when the snapshot was made is needed; the recovery key opens every snapshot",
            null => "there is nothing of it to open",
            _ => "try the other of the two: password, or recovery key",
        });

    // To take one of them in silence would prove or export somebody's empty account in the place of the full one.
    private static async Task<NesteggException> AmbiguousAsync(
        string user, OpenedSnapshot snapshot, long[] accounts, CancellationToken cancellationToken)
    {
        var totals = await UserTotals.ReadAsync(snapshot.Connection, cancellationToken);
        var listed = totals.Where(account => accounts.Contains(account.UserId))
            .Select(account => $"{account.UserId} ({Counted.Of(account.Files, "file")})");
        return new NesteggException(
            FailureKind.BadInput, $"several accounts have the address {user} and open with this: {string.Join(", ", listed)}",
            "say which by its number: --user NUMBER");
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

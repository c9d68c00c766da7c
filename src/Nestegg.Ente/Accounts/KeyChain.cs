using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using Nestegg.Ente.Cryptography;

namespace Nestegg.Ente.Accounts;

/// <summary>
/// The keys at the top of an account: password or recovery key → master key → secret key. From here on the keys of albums, of Ente
/// Auth, of entities and contacts open. Disposing it zeroes them; keys that were opened with it live on.
/// </summary>
public sealed class KeyChain : IDisposable
{
    private KeyChain(SecretKey masterKey, SecretKey? secretKey, byte[] publicKey, IReadOnlyList<string> problems)
    {
        Debug.Assert(secretKey is null || publicKey.Length == SealedBox.PublicKeyBytes, "The public key was computed of it.");
        MasterKey = masterKey;
        SecretKey = secretKey;
        PublicKey = publicKey;
        Problems = problems;
    }

    /// <summary>The master key.</summary>
    public SecretKey MasterKey { get; }

    /// <summary>The X25519 secret key; null when it does not open, and then nothing that others shared does.</summary>
    public SecretKey? SecretKey { get; }

    /// <summary>The X25519 public key that belongs to <see cref="SecretKey"/>.</summary>
    public IReadOnlyList<byte> PublicKeyBytes => PublicKey;

    internal byte[] PublicKey { get; }

    /// <summary>What is damaged although the account opened, as sentences.</summary>
    public IReadOnlyList<string> Problems { get; }

    /// <summary>Opens an account with its password. Takes the seconds and the memory that Argon2id's stored limits ask for.</summary>
    /// <param name="attributes">The account's key attributes.</param>
    /// <param name="password">As typed, in UTF-8. The caller zeroes it.</param>
    /// <param name="login">The account's login record, where known: it tells a wrong password from a damaged master key.</param>
    public static OpenResult OpenWithPassword(KeyAttributes attributes, ReadOnlySpan<byte> password, SrpRecord? login = null)
    {
        if (!TryDeriveKey(attributes, password, out var key, out var problem))
        {
            return new OpenResult(OpenOutcome.Damaged, null, problem);
        }

        using (key)
        {
            return OpenWithPasswordKey(attributes, key, login);
        }
    }

    /// <summary>Derives the password's key, which both the master key and a login need.</summary>
    /// <returns>False when the stored salt or limits cannot be right; never because of the password.</returns>
    public static bool TryDeriveKey(
        KeyAttributes attributes, ReadOnlySpan<byte> password, [NotNullWhen(true)] out SecretKey? key,
        [NotNullWhen(false)] out string? problem)
    {
        ArgumentNullException.ThrowIfNull(attributes);
        problem = Defect(attributes);
        key = problem is null ? Argon2id.Derive(password, attributes.Salt, attributes.Operations, attributes.MemoryBytes) : null;
        return key is not null;
    }

    /// <inheritdoc cref="OpenWithPassword(KeyAttributes, ReadOnlySpan{byte}, SrpRecord?)"/>
    internal static OpenResult OpenWithPassword(KeyAttributes attributes, PasswordKeys password) => Defect(attributes) is { } defect
        ? new OpenResult(OpenOutcome.Damaged, null, defect)
        : OpenWithPasswordKey(attributes, password.Derive(attributes.Salt, attributes.Operations, attributes.MemoryBytes));

    // Why no key can be derived from any password.
    private static string? Defect(KeyAttributes attributes) => attributes switch
    {
        { Salt.Length: not Argon2id.SaltBytes } =>
            $"the password's salt is damaged: it has {Counted.Of(attributes.Salt.Length, "byte")} instead of {Argon2id.SaltBytes}",
        _ when !Argon2id.AreLimitsUsable(attributes.Operations, attributes.MemoryBytes) =>
            $"the limits of the password's key are damaged: {attributes.Operations} passes over {attributes.MemoryBytes} bytes",
        _ => null,
    };

    /// <summary>Opens an account with a key that <see cref="TryDeriveKey"/> gave.</summary>
    public static OpenResult OpenWithPasswordKey(KeyAttributes attributes, SecretKey passwordKey, SrpRecord? login = null)
    {
        ArgumentNullException.ThrowIfNull(attributes);
        if (attributes.MasterKey is not { IsWellFormed: true } wrapped)
        {
            return new OpenResult(
                OpenOutcome.Damaged, null, "the master key's row is damaged: a wrapped key has 48 bytes and a nonce of 24");
        }

        if (wrapped.TryOpen(passwordKey, out var masterKey))
        {
            return Opened(attributes, masterKey);
        }

        // One box cannot say whether it or the key is at fault; the login record, made from the same password, can.
        return login is not null && FitsLogin(passwordKey, login)
            ? new OpenResult(
                OpenOutcome.Damaged, null, "the password is right (it fits the login record), and the wrapped master key is damaged")
            : new OpenResult(OpenOutcome.WrongPassword, null, "the password does not open this account");
    }

    /// <summary>Opens an account with its recovery key.</summary>
    public static OpenResult OpenWithRecoveryKey(KeyAttributes attributes, SecretKey recoveryKey)
    {
        ArgumentNullException.ThrowIfNull(attributes);
        return attributes.MasterKeyUnderRecoveryKey switch
        {
            null => new OpenResult(OpenOutcome.NoRecoveryKey, null, "the account has no recovery key; only its password opens it"),
            { IsWellFormed: false } =>
                new OpenResult(OpenOutcome.Damaged, null, "the master key under the recovery key is damaged; try the password"),
            var wrapped => wrapped.TryOpen(recoveryKey, out var masterKey)
                ? Opened(attributes, masterKey)
                : new OpenResult(OpenOutcome.WrongRecoveryKey, null, "the recovery key is not this account's"),
        };
    }

    /// <summary>Opens an account with its master key, which stays the same when the password changes.</summary>
    /// <param name="attributes">The account's key attributes, perhaps of another day.</param>
    /// <param name="masterKey">Stays the caller's.</param>
    public static OpenResult OpenWithMasterKey(KeyAttributes attributes, SecretKey masterKey)
    {
        ArgumentNullException.ThrowIfNull(attributes);
        ArgumentNullException.ThrowIfNull(masterKey);
        if (attributes.SecretKey?.TryOpen(masterKey, out var secretKey) != true)
        {
            return new OpenResult(OpenOutcome.Damaged, null, "the master key does not open the account's secret key");
        }

        secretKey!.Dispose();
        return Opened(attributes, masterKey.Copy());
    }

    /// <summary>
    /// Opens a key that somebody else sealed to this account: of an album that they share, or the recovery key of an account that they
    /// entrust.
    /// </summary>
    public bool TryOpenSealedKey(ReadOnlySpan<byte> sealedKey, [NotNullWhen(true)] out SecretKey? key)
    {
        key = null;
        return SecretKey is not null && SealedBox.TryOpenKey(sealedKey, PublicKey, SecretKey, out key);
    }

    /// <summary>Opens the session token of a login.</summary>
    /// <param name="encryptedToken"><c>encryptedToken</c> of museum's answer.</param>
    /// <param name="token">What goes into the header <c>X-Auth-Token</c>: URL-safe Base64 with its padding.</param>
    public bool TryOpenToken(string encryptedToken, [NotNullWhen(true)] out string? token)
    {
        token = null;
        if (SecretKey is null
            || !StandardBase64.TryDecode(encryptedToken, out var box)
            || !SealedBox.TryOpen(box, PublicKey, SecretKey, out var bytes))
        {
            return false;
        }

        token = Convert.ToBase64String(bytes).Replace('+', '-').Replace('/', '_');
        CryptographicOperations.ZeroMemory(bytes);
        return true;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        MasterKey.Dispose();
        SecretKey?.Dispose();
    }

    private static OpenResult Opened(KeyAttributes attributes, SecretKey masterKey)
    {
        var problems = new List<string>();
        SecretKey? secretKey = null;
        try
        {
            attributes.SecretKey?.TryOpen(masterKey, out secretKey);
            var publicKey = CheckKeyPair(attributes, secretKey, problems);
            CheckRecoveryKey(attributes, masterKey, problems);
            return new OpenResult(OpenOutcome.Opened, new KeyChain(masterKey, secretKey, publicKey, problems), string.Join("; ", problems));
        }
        catch
        {
            secretKey?.Dispose();
            masterKey.Dispose();
            throw;
        }
    }

    // Opening works with the public key that belongs to the secret key, whatever the row says.
    private static byte[] CheckKeyPair(KeyAttributes attributes, SecretKey? secretKey, List<string> problems)
    {
        if (secretKey is null)
        {
            problems.Add("the secret key does not open with the master key: what others shared cannot be opened, and nobody can sign in");
            return attributes.PublicKey;
        }

        var publicKey = new byte[SealedBox.PublicKeyBytes];
        Sodium.Require(Sodium.crypto_scalarmult_curve25519_base(publicKey, secretKey.Bytes));
        if (!publicKey.AsSpan().SequenceEqual(attributes.PublicKey))
        {
            problems.Add("the public key does not belong to the secret key: what others share from now on will not open");
        }

        return publicKey;
    }

    private static void CheckRecoveryKey(KeyAttributes attributes, SecretKey masterKey, List<string> problems)
    {
        if (attributes.RecoveryKey is null && attributes.MasterKeyUnderRecoveryKey is null)
        {
            return;
        }

        SecretKey? recoveryKey = null, opened = null;
        attributes.RecoveryKey?.TryOpen(masterKey, out recoveryKey);
        using (recoveryKey)
        {
            _ = recoveryKey is not null && attributes.MasterKeyUnderRecoveryKey?.TryOpen(recoveryKey, out opened) == true;
            using (opened)
            {
                if (opened?.FixedTimeEquals(masterKey) != true)
                {
                    problems.Add(
                        "the stored recovery key and master key do not open each other: one of the two ways into the account is damaged");
                }
            }
        }
    }

    private static bool FitsLogin(SecretKey passwordKey, SrpRecord login)
    {
        var loginKey = LoginKey.Derive(passwordKey);
        try
        {
            return CryptographicOperations.FixedTimeEquals(Srp.Verifier(login.SrpUserId, login.Salt, loginKey), Srp.Pad(login.Verifier));
        }
        finally
        {
            CryptographicOperations.ZeroMemory(loginKey);
        }
    }
}

using System.Text;
using Nestegg.Ente.Accounts;
using Nestegg.Ente.Api;
using Nestegg.Ente.Cryptography;

namespace Nestegg.TestKit.Sample;

/// <summary>Makes accounts: keys, wrapped in each other as the apps wrap them, and the rows that museum keeps of them.</summary>
internal sealed class SamplePeople(SampleStorage storage, SampleRandom random, SampleSeal seal, SampleSecrets secrets, SampleClock clock)
{
    // What older accounts have; today's 256 MiB and 16 passes would cost a test some seconds a person.
    internal const long MemoryBytes = 64 * 1024 * 1024;
    internal const int Operations = 2;

    private long nextUserId = 1580559962386438;

    /// <param name="isOldStyle">As accounts were first made: without a recovery key, and without the record that today's sign-in
    /// needs.</param>
    public async Task<SamplePerson> AddAsync(
        string name, string email, string password, CancellationToken cancellationToken, bool isOldStyle = false)
    {
        var secretKey = seal.NewKey();
        var publicKey = new byte[SealedBox.PublicKeyBytes];
        Sodium.Require(Sodium.crypto_scalarmult_curve25519_base(publicKey, secretKey.Bytes));
        var person = new SamplePerson
        {
            // Museum keeps addresses in lower case, however they were typed.
            Name = name, Email = email.ToLowerInvariant(), Password = password, UserId = nextUserId++,
            MasterKey = seal.NewKey(), RecoverySecret = seal.NewKey(), SecretKey = secretKey, PublicKey = publicKey,
            HasRecoveryKey = !isOldStyle,
        };
        await AddUserAsync(person.UserId, person.Email, cancellationToken);
        await AddKeysAsync(person, cancellationToken);
        await AddSessionsAsync(person.UserId, cancellationToken);
        return person;
    }

    /// <summary>Somebody who typed the mailed code and then closed the page: an account without keys.</summary>
    public async Task AddUnfinishedAsync(string email, CancellationToken cancellationToken)
    {
        var userId = nextUserId++;
        await AddUserAsync(userId, email, cancellationToken);
        await AddSessionsAsync(userId, cancellationToken);
    }

    /// <summary>What is left of somebody who deleted the account: a row that names nobody.</summary>
    public Task AddDeletedAsync(CancellationToken cancellationToken)
    {
        var userId = nextUserId++;
        return storage.InsertAsync("users", cancellationToken,
            ("user_id", userId), ("creation_time", clock.NextMicroseconds()), ("email_hash", $"deleted+{userId}@ente.io"),
            ("delete_feedback", """{"reason": "none"}"""));
    }

    /// <summary>Turns the second factor on, with the secret that an authenticator app was given.</summary>
    public async Task AddTotpAsync(SamplePerson person, CancellationToken cancellationToken)
    {
        person.TotpSecret = random.Base32(32);
        var nonce = random.Bytes(SecretBox.NonceBytes);
        using var key = SecretKey.From(secrets.EncryptionKey);
        var forRecovery = seal.Box(person.TotpSecret, person.RecoverySecret);
        await storage.InsertAsync("two_factor", cancellationToken,
            ("user_id", person.UserId), ("two_factor_secret_hash", EmailHash.Compute(person.TotpSecret, secrets.HashKey)),
            ("encrypted_two_factor_secret", SecretBox.Seal(Encoding.UTF8.GetBytes(person.TotpSecret), nonce, key)),
            ("two_factor_secret_decryption_nonce", nonce),
            ("recovery_encrypted_two_factor_secret", forRecovery.Box), ("recovery_two_factor_secret_decryption_nonce", forRecovery.Nonce));
        await storage.ExecuteAsync("UPDATE users SET is_two_factor_enabled = true WHERE user_id = $1", cancellationToken, person.UserId);
    }

    /// <summary>Wraps the same master key under a new password, as the apps do; nothing below it changes.</summary>
    public async Task ChangePasswordAsync(SamplePerson person, string password, CancellationToken cancellationToken)
    {
        person.Password = password;
        var wrapped = Wrap(person);
        await storage.ExecuteAsync(
            "UPDATE key_attributes SET kek_salt = $1, encrypted_key = $2, key_decryption_nonce = $3 WHERE user_id = $4",
            cancellationToken, wrapped.Salt, wrapped.Box, wrapped.Nonce, person.UserId);
        await storage.ExecuteAsync(
            "UPDATE srp_auth SET srp_user_id = $1, salt = $2, verifier = $3 WHERE user_id = $4",
            cancellationToken, wrapped.Login.SrpUserId, Convert.ToBase64String(wrapped.Login.Salt),
            Convert.ToBase64String(wrapped.Login.Verifier), person.UserId);
    }

    private async Task AddUserAsync(long userId, string email, CancellationToken cancellationToken)
    {
        var nonce = random.Bytes(SecretBox.NonceBytes);
        using var key = SecretKey.From(secrets.EncryptionKey);
        await storage.InsertAsync("users", cancellationToken,
            ("user_id", userId), ("creation_time", clock.NextMicroseconds()),
            ("encrypted_email", SecretBox.Seal(Encoding.UTF8.GetBytes(email), nonce, key)), ("email_decryption_nonce", nonce),
            ("email_hash", EmailHash.Compute(email, secrets.HashKey)));
        await storage.InsertAsync("subscriptions", cancellationToken,
            ("user_id", userId), ("storage", 10L << 30), ("original_transaction_id", "none"),
            ("expiry_time", clock.After(TimeSpan.FromDays(36500))),
            ("product_id", "free"), ("payment_provider", ""), ("attributes", "{}"));
        await storage.InsertAsync("usage", cancellationToken, ("user_id", userId), ("storage_consumed", 0L));
    }

    private async Task AddKeysAsync(SamplePerson person, CancellationToken cancellationToken)
    {
        var wrapped = Wrap(person);
        var secretKey = seal.Box(person.SecretKey.Bytes, person.MasterKey);
        var (masterUnderRecovery, recovery) = person.HasRecoveryKey
            ? (seal.Box(person.MasterKey.Bytes, person.RecoverySecret), seal.Box(person.RecoverySecret.Bytes, person.MasterKey))
            : default;
        await storage.InsertAsync("key_attributes", cancellationToken,
            ("user_id", person.UserId), ("kek_salt", wrapped.Salt), ("kek_hash_bytes", Array.Empty<byte>()), ("encrypted_key", wrapped.Box),
            ("key_decryption_nonce", wrapped.Nonce),
            ("public_key", Convert.ToBase64String(person.PublicKey)), ("encrypted_secret_key", secretKey.Box),
            ("secret_key_decryption_nonce", secretKey.Nonce),
            ("mem_limit", MemoryBytes), ("ops_limit", Operations),
            ("master_key_encrypted_with_recovery_key", masterUnderRecovery.Box), ("master_key_decryption_nonce", masterUnderRecovery.Nonce),
            ("recovery_key_encrypted_with_master_key", recovery.Box), ("recovery_key_decryption_nonce", recovery.Nonce),
            ("created_at", clock.NextMicroseconds()));
        if (!person.HasRecoveryKey)
        {
            return;
        }

        await storage.InsertAsync("srp_auth", cancellationToken,
            ("user_id", person.UserId), ("srp_user_id", wrapped.Login.SrpUserId), ("salt", Convert.ToBase64String(wrapped.Login.Salt)),
            ("verifier", Convert.ToBase64String(wrapped.Login.Verifier)));
    }

    /// <summary>What a running server has and a restored one must not keep: a session and a phone that gets pushes.</summary>
    private async Task AddSessionsAsync(long userId, CancellationToken cancellationToken)
    {
        var token = Convert.ToBase64String(random.Bytes(32)).Replace('+', '-').Replace('/', '_');
        await storage.InsertAsync("tokens", cancellationToken,
            ("user_id", userId), ("token", token), ("creation_time", clock.NextMicroseconds()), ("ip", "192.0.2.7"),
            ("user_agent", "sample"));
        await storage.InsertAsync("push_tokens", cancellationToken, ("user_id", userId), ("fcm_token", random.Id("fcm")));
    }

    private (string Salt, string Box, string Nonce, SrpRecord Login) Wrap(SamplePerson person)
    {
        var salt = random.Bytes(Argon2id.SaltBytes);
        using var key = Argon2id.Derive(Encoding.UTF8.GetBytes(person.Password), salt, Operations, MemoryBytes);
        var (box, nonce) = seal.Box(person.MasterKey.Bytes, key);
        var (srpUserId, srpSalt) = (random.Uuid().ToString(), random.Bytes(16));
        var login = new SrpRecord(srpUserId, srpSalt, Srp.Verifier(srpUserId, srpSalt, LoginKey.Derive(key)));
        return (Convert.ToBase64String(salt), box, nonce, login);
    }
}

/// <summary>Time as rows count it: microseconds, each later than the one before.</summary>
internal sealed class SampleClock(TimeProvider time)
{
    private readonly long start = (time.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks / 10;
    private long steps;

    /// <summary>A millisecond after the last one.</summary>
    public long NextMicroseconds() => start + (1000 * ++steps);

    public long After(TimeSpan span) => start + (1000 * steps) + (span.Ticks / 10);
}

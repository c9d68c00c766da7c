using System.Text.Json;
using Nestegg.Ente.Accounts;
using Nestegg.Ente.Cryptography;
using Nestegg.Ente.Json;

namespace Nestegg.Ente.Api;

/// <summary>
/// Signs in as Ente's apps do: by SRP with the password, by a mailed code where the account asks for one or only the recovery key
/// is known, then by TOTP where that is on. The password never leaves this process, and the server has to prove itself too.
/// For several apps of one account it is used again: the password's key, which takes seconds and hundreds of MiB, is derived once.
/// Disposing it zeroes that key.
/// </summary>
public sealed class MuseumSignIn : IDisposable
{
    private readonly MuseumClient client;
    private readonly string email;
    private readonly PasswordKeys? password;
    private readonly SecretKey? recoveryKey;

    private MuseumSignIn(MuseumClient client, string email, PasswordKeys? password, SecretKey? recoveryKey)
    {
        ArgumentNullException.ThrowIfNull(client);
        ArgumentNullException.ThrowIfNull(email);
        this.client = client;
        this.email = email.Trim().ToLowerInvariant();
        this.password = password;
        this.recoveryKey = recoveryKey;
    }

    /// <summary>Will sign in with the password.</summary>
    /// <param name="client">The museum.</param>
    /// <param name="email">Whose account.</param>
    /// <param name="password">In UTF-8, as typed. The caller zeroes it, after this was disposed.</param>
    public static MuseumSignIn WithPassword(MuseumClient client, string email, ReadOnlyMemory<byte> password) =>
        new(client, email, new PasswordKeys(password), null);

    /// <summary>Will sign in with the recovery key; museum mails a code, because the recovery key means nothing to it.</summary>
    /// <param name="client">The museum.</param>
    /// <param name="email">Whose account.</param>
    /// <param name="recoveryKey">Stays the caller's.</param>
    public static MuseumSignIn WithRecoveryKey(MuseumClient client, string email, SecretKey recoveryKey)
    {
        ArgumentNullException.ThrowIfNull(recoveryKey);
        return new MuseumSignIn(client, email, null, recoveryKey);
    }

    /// <summary>Signs in.</summary>
    /// <param name="app">For which app; a session is good for no other.</param>
    /// <param name="questions">Asked only when needed.</param>
    /// <param name="cancellationToken">Stops between requests.</param>
    /// <exception cref="EnteException">Wrong password or code, unknown account, or a way in that only a browser has.</exception>
    public async Task<MuseumSession> OpenAsync(EnteApp app, SignInQuestions questions, CancellationToken cancellationToken)
    {
        var attempt = new SignInAttempt(client, email, app, questions);
        using var answer = (password is null ? null : await ByPasswordAsync(attempt, password, cancellationToken))
            ?? await attempt.ByEmailCodeAsync(cancellationToken);
        return await attempt.FinishAsync(
            answer, keys => password is not null
                ? KeyChain.OpenWithPassword(keys, password)
                : KeyChain.OpenWithRecoveryKey(keys, recoveryKey!), cancellationToken);
    }

    /// <inheritdoc/>
    public void Dispose() => password?.Dispose();

    // Null: museum wants the mailed code.
    private static async Task<MuseumAnswer?> ByPasswordAsync(
        SignInAttempt attempt, PasswordKeys password, CancellationToken cancellationToken)
    {
        using var answer = await attempt.AttributesAsync(cancellationToken);
        var attributes = answer.Body.Member("attributes");
        return attributes.Flag("isEmailMFAEnabled")
            ? null
            : await attempt.BySrpAsync(attributes, DeriveKey(attributes, password), cancellationToken);
    }

    private static SecretKey DeriveKey(JsonElement attributes, PasswordKeys password)
    {
        var salt = attributes.Base64("kekSalt") ?? [];
        var (operations, memoryBytes) = (attributes.Integer("opsLimit") ?? 0, attributes.Integer("memLimit") ?? 0);
        return salt.Length == Argon2id.SaltBytes && Argon2id.AreLimitsUsable(operations, memoryBytes)
            ? password.Derive(salt, operations, memoryBytes)
            : throw new EnteException(
                $"museum gave a salt of {Counted.Of(salt.Length, "byte")} and limits of "
                + $"{operations} passes over {memoryBytes} bytes, which no password key has",
                "look whether this is really your museum");
    }
}

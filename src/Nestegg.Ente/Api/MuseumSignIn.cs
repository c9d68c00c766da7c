using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Nestegg.Ente.Json;
using Nestegg.Ente.Accounts;
using Nestegg.Ente.Cryptography;

namespace Nestegg.Ente.Api;

/// <summary>
/// Signs in as Ente's apps do: by SRP with the password, by a mailed code where the account asks for one or only the recovery key
/// is known, then by TOTP where that is on. The password never leaves this process, and the server has to prove itself too.
/// </summary>
public sealed class MuseumSignIn
{
    private const string TryAgain = "sign in once with an Ente app to see what it says; then try again";

    private readonly MuseumClient _client;
    private readonly SignInQuestions _questions;
    private readonly EnteApp _app;
    private readonly string _email;

    private MuseumSignIn(MuseumClient client, string email, EnteApp app, SignInQuestions questions) =>
        (_client, _email, _app, _questions) = (client, email.Trim().ToLowerInvariant(), app, questions);

    /// <summary>Signs in with the password.</summary>
    /// <param name="client">The museum.</param>
    /// <param name="email">Whose account.</param>
    /// <param name="password">In UTF-8, as typed. The caller zeroes it.</param>
    /// <param name="app">For which app; a session is good for no other.</param>
    /// <param name="questions">Asked only when needed.</param>
    /// <param name="cancellationToken">Stops between requests.</param>
    /// <exception cref="EnteException">Wrong password or code, unknown account, or a way in that only a browser has.</exception>
    public static async Task<MuseumSession> WithPasswordAsync(
        MuseumClient client, string email, ReadOnlyMemory<byte> password, EnteApp app, SignInQuestions questions, CancellationToken cancellationToken)
    {
        var signIn = new MuseumSignIn(client, email, app, questions);
        using var attributes = await signIn.AttributesAsync(cancellationToken);
        var srp = attributes.Body.Member("attributes");
        if (srp.Flag("isEmailMFAEnabled"))
        {
            using var byCode = await signIn.ByEmailCodeAsync(cancellationToken);
            return await signIn.FinishAsync(byCode, keys => KeyChain.OpenWithPassword(keys, password.Span), cancellationToken);
        }

        using var passwordKey = DeriveKey(srp, password.Span);
        using var answer = await signIn.BySrpAsync(srp, passwordKey, cancellationToken)
            ?? await signIn.ByEmailCodeAsync(cancellationToken);
        return await signIn.FinishAsync(answer, keys => KeyChain.OpenWithPasswordKey(keys, passwordKey), cancellationToken);
    }

    /// <summary>Signs in with the recovery key; museum mails a code, because the recovery key means nothing to it.</summary>
    /// <inheritdoc cref="WithPasswordAsync"/>
    public static async Task<MuseumSession> WithRecoveryKeyAsync(
        MuseumClient client, string email, SecretKey recoveryKey, EnteApp app, SignInQuestions questions, CancellationToken cancellationToken)
    {
        var signIn = new MuseumSignIn(client, email, app, questions);
        using var answer = await signIn.ByEmailCodeAsync(cancellationToken);
        return await signIn.FinishAsync(answer, keys => KeyChain.OpenWithRecoveryKey(keys, recoveryKey), cancellationToken);
    }

    private async Task<MuseumAnswer> AttributesAsync(CancellationToken cancellationToken)
    {
        var answer = await _client.GetAsync($"users/srp/attributes?email={Uri.EscapeDataString(_email)}", null, cancellationToken);
        if (answer.IsSuccess && answer.Body.Member("attributes").ValueKind == JsonValueKind.Object)
        {
            return answer;
        }

        using (answer)
        {
            throw answer.Status == HttpStatusCode.NotFound ? Unknown() : _client.Refused("users/srp/attributes", answer.Status, answer.Code);
        }
    }

    // museum gives made-up attributes to whoever asks for too many unknown addresses; they only ever lead to a wrong password.
    private static SecretKey DeriveKey(JsonElement srp, ReadOnlySpan<byte> password)
    {
        var salt = srp.Base64("kekSalt") ?? [];
        var (operations, memoryBytes) = (srp.Integer("opsLimit") ?? 0, srp.Integer("memLimit") ?? 0);
        return salt.Length == Argon2id.SaltBytes && Argon2id.AreLimitsUsable(operations, memoryBytes)
            ? Argon2id.Derive(password, salt, operations, memoryBytes)
            : throw new EnteException(
                $"museum gave a salt of {salt.Length} bytes and limits of {operations} passes over {memoryBytes} bytes, which no password key has",
                "look whether this is really your museum");
    }

    // Null: museum wants the mailed code after all.
    private async Task<MuseumAnswer?> BySrpAsync(JsonElement attributes, SecretKey passwordKey, CancellationToken cancellationToken)
    {
        var userId = attributes.Text("srpUserID") ?? "";
        var loginKey = LoginKey.Derive(passwordKey);
        var srp = new SrpClient(userId, attributes.Base64("srpSalt") ?? [], loginKey);
        CryptographicOperations.ZeroMemory(loginKey);

        using var session = await _client.PostAsync("users/srp/create-session", Json(
            ("srpUserID", userId), ("srpA", Convert.ToBase64String(srp.PublicValue))), Unsigned, cancellationToken);
        if (session.Status == HttpStatusCode.Conflict)
        {
            return null;
        }

        if (!session.IsSuccess || !srp.TryProve(session.Body.Base64("srpB") ?? [], out var proof))
        {
            throw _client.Refused("users/srp/create-session", session.Status, session.Code);
        }

        var answer = await _client.PostAsync("users/srp/verify-session", Json(
            ("srpUserID", userId), ("sessionID", session.Body.Text("sessionID") ?? ""), ("srpM1", Convert.ToBase64String(proof))), Unsigned, cancellationToken);
        if (answer.IsSuccess && srp.TryVerify(answer.Body.Base64("srpM2") ?? []))
        {
            return answer;
        }

        using (answer)
        {
            throw answer.IsSuccess
                ? new EnteException($"{_client.Endpoint} took the password but could not prove that it knows it", "this is not your museum, or something stands between; do not type the password again before you know")
                : answer.Status switch
                {
                    HttpStatusCode.Unauthorized => new EnteException($"the password is not that of {_email}", "check the address and the password; museum locks a sign-in after five wrong ones"),
                    HttpStatusCode.Gone => new EnteException("there were too many wrong passwords in this sign-in", "start again, with the right one"),
                    _ => _client.Refused("users/srp/verify-session", answer.Status, answer.Code),
                };
        }
    }

    private async Task<MuseumAnswer> ByEmailCodeAsync(CancellationToken cancellationToken)
    {
        // With any other purpose than login, museum would make a new account of an unknown address.
        using (var sent = await _client.PostAsync("users/ott", Json(("email", _email), ("purpose", "login")), Unsigned, cancellationToken))
        {
            if (!sent.IsSuccess)
            {
                throw sent.Code is "USER_NOT_REGISTERED" or "USER_SIGNUP_INCOMPLETE" ? Unknown() : _client.Refused("users/ott", sent.Status, sent.Code);
            }
        }

        var code = (await _questions.EmailCode(cancellationToken)).Trim();
        var answer = await _client.PostAsync("users/verify-email", Json(("email", _email), ("ott", code)), Unsigned, cancellationToken);
        if (answer.IsSuccess)
        {
            return answer;
        }

        using (answer)
        {
            throw answer.Status is HttpStatusCode.Unauthorized or HttpStatusCode.Gone
                ? new EnteException("the mailed code is not right, or no longer", "start again; museum mails a new one")
                : _client.Refused("users/verify-email", answer.Status, answer.Code);
        }
    }

    private async Task<MuseumSession> FinishAsync(MuseumAnswer first, Func<KeyAttributes, OpenResult> open, CancellationToken cancellationToken)
    {
        using var second = await SecondFactorAsync(first, cancellationToken);
        var body = (second ?? first).Body;
        if (body.Member("keyAttributes").ValueKind != JsonValueKind.Object || body.Integer("id") is not { } userId)
        {
            throw new EnteException($"the account {_email} has no keys yet: its sign-up was not finished", "finish it in an Ente app; there is nothing to export");
        }

        var opened = open(KeyAttributes.Read(body.Member("keyAttributes")));
        if (!opened.IsOpened)
        {
            throw new EnteException(opened.Message, TryAgain);
        }

        if (!opened.KeyChain.TryOpenToken(body.Text("encryptedToken") ?? "", out var token))
        {
            opened.KeyChain.Dispose();
            throw new EnteException("the session token does not open with the account's keys", TryAgain);
        }

        return new MuseumSession(_client, new SessionToken(_app, token), userId, _email, opened.KeyChain, body.Json("keyAttributes")!);
    }

    private async Task<MuseumAnswer?> SecondFactorAsync(MuseumAnswer first, CancellationToken cancellationToken)
    {
        var session = (first.Body.Text("twoFactorSessionIDV2"), first.Body.Text("twoFactorSessionID")) switch
        {
            ({ Length: > 0 } newer, _) => newer,
            (_, { Length: > 0 } older) => older,
            _ => null,
        };
        if (session is null)
        {
            return string.IsNullOrEmpty(first.Body.Text("passkeySessionID")) ? null : throw new EnteException(
                $"the account {_email} signs in with a passkey, which needs a browser and is not possible here",
                "switch the passkey off for the time of the export, add an authenticator app as a second factor, or export from a snapshot, which needs the password only");
        }

        var code = (await _questions.TotpCode(cancellationToken)).Trim();
        var answer = await _client.PostAsync("users/two-factor/verify", Json(("sessionID", session), ("code", code)), Unsigned, cancellationToken);
        if (answer.IsSuccess)
        {
            return answer;
        }

        using (answer)
        {
            throw answer.Status is HttpStatusCode.Unauthorized or HttpStatusCode.NotFound or HttpStatusCode.Gone
                ? new EnteException("the code of the authenticator app is not right, or no longer", "wait for the next code and start again; check this machine's and museum's clocks")
                : _client.Refused("users/two-factor/verify", answer.Status, answer.Code);
        }
    }

    // Carries the app, for which museum will issue the token, and no token yet.
    private SessionToken Unsigned => new(_app, "");

    private EnteException Unknown() => new(
        $"{_client.Endpoint} knows no account {_email}",
        "check the address; when it is right, museum's key.hash may have changed since the account was made");

    private static string Json(params ReadOnlySpan<(string Name, string Value)> members)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            foreach (var (name, value) in members)
            {
                json.WriteString(name, value);
            }

            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.GetBuffer(), 0, (int)buffer.Length);
    }
}

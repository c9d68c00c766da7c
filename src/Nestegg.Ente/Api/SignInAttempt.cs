using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Nestegg.Ente.Accounts;
using Nestegg.Ente.Cryptography;
using Nestegg.Ente.Json;

namespace Nestegg.Ente.Api;

/// <summary>One sign-in for one app: what is asked of museum, and what its answers mean.</summary>
internal sealed class SignInAttempt(MuseumClient client, string email, EnteApp app, SignInQuestions questions)
{
    private const string TryAgain = "sign in once with an Ente app to see what it says; then try again";

    // Carries the app, for which museum will issue the token, and no token yet.
    private SessionToken Unsigned => new(app, "");

    /// <summary>
    /// What museum asks a password to fit. Made up for whoever asks for too many unknown addresses; that only ever leads to a wrong
    /// password.
    /// </summary>
    internal async Task<MuseumAnswer> AttributesAsync(CancellationToken cancellationToken)
    {
        var answer = await client.GetAsync($"users/srp/attributes?email={Uri.EscapeDataString(email)}", null, cancellationToken);
        if (answer.IsSuccess && answer.Body.Member("attributes").ValueKind == JsonValueKind.Object)
        {
            return answer;
        }

        using (answer)
        {
            throw answer.Status == HttpStatusCode.NotFound ? Unknown() : client.Refused("users/srp/attributes", answer.Status, answer.Code);
        }
    }

    /// <returns>Null when museum wants the mailed code after all.</returns>
    internal async Task<MuseumAnswer?> BySrpAsync(JsonElement attributes, SecretKey passwordKey, CancellationToken cancellationToken)
    {
        var userId = attributes.Text("srpUserID") ?? "";
        var loginKey = LoginKey.Derive(passwordKey);
        var srp = new SrpClient(userId, attributes.Base64("srpSalt") ?? [], loginKey);
        CryptographicOperations.ZeroMemory(loginKey);

        using var session = await client.PostAsync("users/srp/create-session", Json(
            ("srpUserID", userId), ("srpA", Convert.ToBase64String(srp.PublicValue))), Unsigned, cancellationToken);
        if (session.Status == HttpStatusCode.Conflict)
        {
            return null;
        }

        if (!session.IsSuccess || !srp.TryProve(session.Body.Base64("srpB") ?? [], out var proof))
        {
            throw client.Refused("users/srp/create-session", session.Status, session.Code);
        }

        var answer = await client.PostAsync("users/srp/verify-session", Json(
            ("srpUserID", userId), ("sessionID", session.Body.Text("sessionID") ?? ""), ("srpM1", Convert.ToBase64String(proof))),
            Unsigned, cancellationToken);
        if (answer.IsSuccess && srp.TryVerify(answer.Body.Base64("srpM2") ?? []))
        {
            return answer;
        }

        using (answer)
        {
            throw answer.IsSuccess
                ? new EnteException(
                    $"{client.Endpoint} took the password but could not prove that it knows it",
                    "this is not your museum, or something stands between; do not type the password again before you know")
                : answer.Status switch
                {
                    HttpStatusCode.Unauthorized =>
                        new EnteException(
                            $"the password is not that of {email}",
                            "check the address and the password; museum locks a sign-in after five wrong ones"),
                    HttpStatusCode.Gone =>
                        new EnteException("there were too many wrong passwords in this sign-in", "start again, with the right one"),
                    _ => client.Refused("users/srp/verify-session", answer.Status, answer.Code),
                };
        }
    }

    internal async Task<MuseumAnswer> ByEmailCodeAsync(CancellationToken cancellationToken)
    {
        // With any other purpose than login, museum would make a new account of an unknown address.
        using (var sent = await client.PostAsync("users/ott", Json(("email", email), ("purpose", "login")), Unsigned, cancellationToken))
        {
            if (!sent.IsSuccess)
            {
                throw sent.Code is "USER_NOT_REGISTERED" or "USER_SIGNUP_INCOMPLETE"
                    ? Unknown()
                    : client.Refused("users/ott", sent.Status, sent.Code);
            }
        }

        var code = (await questions.EmailCode(cancellationToken)).Trim();
        var answer = await client.PostAsync("users/verify-email", Json(("email", email), ("ott", code)), Unsigned, cancellationToken);
        if (answer.IsSuccess)
        {
            return answer;
        }

        using (answer)
        {
            throw answer.Status is HttpStatusCode.Unauthorized or HttpStatusCode.Gone
                ? new EnteException("the mailed code is not right, or no longer", "start again; museum mails a new one")
                : client.Refused("users/verify-email", answer.Status, answer.Code);
        }
    }

    /// <summary>Takes the second factor, and opens the keys and the token.</summary>
    internal async Task<MuseumSession> FinishAsync(
        MuseumAnswer first, Func<KeyAttributes, OpenResult> open, CancellationToken cancellationToken)
    {
        using var second = await SecondFactorAsync(first, cancellationToken);
        var body = (second ?? first).Body;
        if (body.Member("keyAttributes").ValueKind != JsonValueKind.Object || body.Integer("id") is not { } userId)
        {
            throw new EnteException(
                $"the account {email} has no keys yet: its sign-up was not finished",
                "finish it in an Ente app; there is nothing to export");
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

        return new MuseumSession(client, new SessionToken(app, token), opened.KeyChain, body.Json("keyAttributes")!)
        {
            UserId = userId,
            Email = email,
        };
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
                $"the account {email} signs in with a passkey, which needs a browser and is not possible here",
                "switch the passkey off for the time of the export, add an authenticator app as a second factor, or export from a "
                + "snapshot, which needs the password only");
        }

        var code = (await questions.TotpCode(cancellationToken)).Trim();
        var answer =
            await client.PostAsync("users/two-factor/verify", Json(("sessionID", session), ("code", code)), Unsigned, cancellationToken);
        if (answer.IsSuccess)
        {
            return answer;
        }

        using (answer)
        {
            throw answer.Status is HttpStatusCode.Unauthorized or HttpStatusCode.NotFound or HttpStatusCode.Gone
                ? new EnteException(
                    "the code of the authenticator app is not right, or no longer",
                    "wait for the next code and start again; check this machine's and museum's clocks")
                : client.Refused("users/two-factor/verify", answer.Status, answer.Code);
        }
    }

    private EnteException Unknown() => new(
        $"{client.Endpoint} knows no account {email}",
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

using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Nestegg.Ente.Accounts;
using Nestegg.Ente.Api;
using Nestegg.Ente.Cryptography;

namespace Nestegg.TestKit.Museum;

/// <summary>An account that can sign in.</summary>
/// <param name="UserId">Its id in the database.</param>
/// <param name="TotpSecret">In Base32; null when it has no second factor.</param>
public sealed record MuseumAccount(long UserId, string? TotpSecret);

/// <summary>A session that is signed in.</summary>
public sealed record MuseumSessionRow(long UserId, string App);

/// <summary>museum's half of signing in.</summary>
internal sealed class MuseumLogin(MuseumTables tables, IReadOnlyDictionary<string, MuseumAccount> accounts)
{
    private const string LoginCode = "204060";

    private readonly ConcurrentDictionary<string, (SrpServer Srp, MuseumAccount Account)> srpSessions = new();
    private readonly ConcurrentDictionary<string, MuseumAccount> twoFactorSessions = new();
    private readonly ConcurrentDictionary<string, MuseumSessionRow> sessions = new();

    internal bool EmailMfa { get; set; }

    internal bool Passkey { get; set; }

    internal string MailedCode { get; private set; } = "";

    internal int OpenSessions => sessions.Count;

    internal MuseumSessionRow? Session(string token, string package) =>
        sessions.TryGetValue(token, out var session) && session.App == App(package) ? session : null;

    internal void SignOut(string token) => sessions.TryRemove(token, out _);

    internal void SignOutAll() => sessions.Clear();

    /// <returns>Null for a route that is not about signing in.</returns>
    internal async Task<(int Status, JsonNode? Body)?> TryAnswerAsync(
        string path, HttpRequest request, JsonNode? body, CancellationToken cancellationToken)
    {
        var app = App(request.Headers["X-Client-Package"].ToString());
        return path switch
        {
            "/users/srp/attributes" => await AttributesAsync(request.Query["email"].ToString(), cancellationToken),
            "/users/srp/create-session" => await CreateSessionAsync(body!, cancellationToken),
            "/users/srp/verify-session" => await VerifySessionAsync(body!, app, cancellationToken),
            "/users/two-factor/verify" => await VerifyTotpAsync(body!, app, cancellationToken),
            "/users/ott" => SendCode(body!),
            "/users/verify-email" => await VerifyCodeAsync(body!, app, cancellationToken),
            _ => null,
        };
    }

    private async Task<(int, JsonNode?)> AttributesAsync(string email, CancellationToken cancellationToken)
    {
        if (email.Length == 0)
        {
            return (400, new JsonObject());
        }

        if (!accounts.TryGetValue(email, out var account))
        {
            return (404, new JsonObject());
        }

        var keys = (await tables.KeyAttributesAsync(account.UserId, cancellationToken))!;
        var (srpUserId, record) = (await tables.SrpAsync(account.UserId, cancellationToken))!.Value;
        return (200, new JsonObject
        {
            ["attributes"] = new JsonObject
            {
                ["srpUserID"] = srpUserId, ["srpSalt"] = Convert.ToBase64String(record.Salt), ["memLimit"] = keys["memLimit"]!.DeepClone(),
                ["opsLimit"] = keys["opsLimit"]!.DeepClone(), ["kekSalt"] = keys["kekSalt"]!.DeepClone(), ["isEmailMFAEnabled"] = EmailMfa,
            },
        });
    }

    private async Task<(int, JsonNode?)> CreateSessionAsync(JsonNode body, CancellationToken cancellationToken)
    {
        foreach (var account in accounts.Values)
        {
            if (await tables.SrpAsync(account.UserId, cancellationToken) is not var (srpUserId, record)
                || srpUserId != (string?)body["srpUserID"])
            {
                continue;
            }

            if (SrpServer.Begin(record, Convert.FromBase64String((string)body["srpA"]!)) is not { } srp)
            {
                return (400, new JsonObject());
            }

            var id = Guid.NewGuid().ToString();
            srpSessions[id] = (srp, account);
            return (200, new JsonObject { ["sessionID"] = id, ["srpB"] = Convert.ToBase64String(srp.PublicValue) });
        }

        return (404, new JsonObject());
    }

    private async Task<(int, JsonNode?)> VerifySessionAsync(JsonNode body, string app, CancellationToken cancellationToken)
    {
        if (!srpSessions.TryRemove((string)body["sessionID"]!, out var session))
        {
            return (404, new JsonObject());
        }

        if (!session.Srp.TryVerify(Convert.FromBase64String((string)body["srpM1"]!), out var proof))
        {
            return (401, new JsonObject());
        }

        var answer = await AuthorizeAsync(session.Account, app, isSecondFactorDone: false, cancellationToken);
        answer["srpM2"] = Convert.ToBase64String(proof);
        return (200, answer);
    }

    private (int, JsonNode?) SendCode(JsonNode body)
    {
        if (!accounts.ContainsKey((string)body["email"]!))
        {
            return (404, new JsonObject { ["code"] = "USER_NOT_REGISTERED", ["message"] = "User is not registered" });
        }

        if ((string?)body["purpose"] != "login")
        {
            throw new InvalidOperationException("with another purpose, museum makes accounts");
        }

        MailedCode = LoginCode;
        return (200, null);
    }

    private async Task<(int, JsonNode?)> VerifyCodeAsync(JsonNode body, string app, CancellationToken cancellationToken)
    {
        if (MailedCode.Length == 0)
        {
            return (410, new JsonObject());
        }

        if ((string?)body["ott"] != MailedCode)
        {
            return (401, new JsonObject());
        }

        MailedCode = "";
        return (200, await AuthorizeAsync(accounts[(string)body["email"]!], app, isSecondFactorDone: false, cancellationToken));
    }

    private async Task<(int, JsonNode?)> VerifyTotpAsync(JsonNode body, string app, CancellationToken cancellationToken)
    {
        if (!twoFactorSessions.TryGetValue((string)body["sessionID"]!, out var account))
        {
            return (404, new JsonObject());
        }

        if ((string?)body["code"] != Totp.Code(account.TotpSecret!, DateTimeOffset.UtcNow)
            && (string?)body["code"] != Totp.Code(account.TotpSecret!, DateTimeOffset.UtcNow.AddSeconds(-Totp.PeriodSeconds)))
        {
            return (401, new JsonObject());
        }

        return (200, await AuthorizeAsync(account, app, isSecondFactorDone: true, cancellationToken));
    }

    private async Task<JsonObject> AuthorizeAsync(
        MuseumAccount account, string app, bool isSecondFactorDone, CancellationToken cancellationToken)
    {
        var answer = new JsonObject
        {
            ["id"] = account.UserId, [
            "passkeySessionID"] = "", ["accountsUrl"] = "", ["twoFactorSessionID"] = "", ["twoFactorSessionIDV2"] = ""
        };
        if (Passkey)
        {
            answer["passkeySessionID"] = "pk";
        }
        else if (account.TotpSecret is not null && !isSecondFactorDone)
        {
            var id = Guid.NewGuid().ToString();
            twoFactorSessions[id] = account;
            answer["twoFactorSessionID"] = id;
        }
        else
        {
            var keys = (await tables.KeyAttributesAsync(account.UserId, cancellationToken))!;
            var token = RandomNumberGenerator.GetBytes(32);
            sessions[Convert.ToBase64String(token).Replace('+', '-').Replace('/', '_')] = new MuseumSessionRow(account.UserId, app);
            answer["encryptedToken"] = Convert.ToBase64String(SealedBox.Seal(token, Convert.FromBase64String((string)keys["publicKey"]!)));
            answer["keyAttributes"] = keys;
        }

        return answer;
    }

    private static string App(string package) =>
        package.StartsWith("io.ente.auth", StringComparison.Ordinal)
            ? "auth"
            : package.StartsWith("io.ente.locker", StringComparison.Ordinal) ? "locker" : "photos";
}

/// <summary>RFC 6238 with SHA-1, six digits and thirty seconds.</summary>
public static class Totp
{
    public const int PeriodSeconds = 30;

    public static string Code(string base32Secret, DateTimeOffset at)
    {
        var counter = new byte[8];
        BinaryPrimitives.WriteInt64BigEndian(counter, at.ToUnixTimeSeconds() / PeriodSeconds);
#pragma warning disable CA5350 // The standard, and every authenticator app, says SHA-1.
        var hash = HMACSHA1.HashData(Base32(base32Secret), counter);
#pragma warning restore CA5350
        var number = BinaryPrimitives.ReadInt32BigEndian(hash.AsSpan(hash[^1] & 15)) & int.MaxValue;
        return (number % 1_000_000).ToString("000000");
    }

    private static byte[] Base32(string text)
    {
        var (bytes, bits, buffer) = (new List<byte>(), 0, 0);
        foreach (var letter in text)
        {
            buffer = (buffer << 5 | "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".IndexOf(letter)) & 0xFFF;
            bits += 5;
            if (bits < 8)
            {
                continue;
            }

            bits -= 8;
            bytes.Add((byte)(buffer >> bits));
        }

        return [.. bytes];
    }
}

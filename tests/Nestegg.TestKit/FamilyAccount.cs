using System.Text.Json;
using Nestegg.Ente.Accounts;
using Nestegg.Ente.Cryptography;
using Nestegg.Ente.Library;

namespace Nestegg.TestKit;

/// <summary>A person of the recorded instance, as <c>accounts.json</c> and <c>expected.json</c> know them.</summary>
public sealed record FamilyAccount(string Email, string Password, string RecoveryWords, long UserId, string? TotpSecret, JsonElement Expected)
{
    public const string Alice = "alice@nestegg.example";
    public const string Bob = "bob@nestegg.example";
    public const string Carol = "carol.o-neil+photos@nestegg.example";

    public static FamilyAccount Of(string moment, string email)
    {
        using var accounts = JsonDocument.Parse(File.ReadAllBytes(FixtureFolder.AccountsJson(moment)));
        using var expected = JsonDocument.Parse(File.ReadAllBytes(FixtureFolder.ExpectedJson(moment)));
        var account = accounts.RootElement.EnumerateArray().Single(entry => entry.GetProperty("email").GetString() == email);
        return new FamilyAccount(
            email, account.GetProperty("password").GetString()!, account.GetProperty("recovery").GetString()!, account.GetProperty("userID").GetInt64(),
            account.TryGetProperty("totp", out var totp) ? totp.GetString() : null, expected.RootElement.GetProperty(email).Clone());
    }

    /// <summary>By recovery key, which takes no time; the password's key takes seconds and 256 MiB.</summary>
    public async Task<KeyChain> OpenAsync(LibraryReader reader, CancellationToken cancellationToken)
    {
        if (!RecoveryKey.TryParse(RecoveryWords, out var key, out var problem)) throw new FormatException(problem);
        using (key)
        {
            var attributes = await reader.KeyAttributesAsync(UserId, cancellationToken) ?? throw new InvalidOperationException($"{Email} has no keys");
            return KeyChain.OpenWithRecoveryKey(attributes, key).KeyChain ?? throw new InvalidOperationException($"{Email} does not open");
        }
    }
}

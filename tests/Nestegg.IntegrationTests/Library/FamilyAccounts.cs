using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using Nestegg.Ente.Accounts;
using Nestegg.Ente.Cryptography;
using Nestegg.TestKit;

namespace Nestegg.IntegrationTests.Library;

/// <summary>The accounts of the recorded instance. Their passwords' keys take seconds to derive, so that is done once for a run.</summary>
public sealed class FamilyAccounts : IDisposable
{
    private readonly ConcurrentDictionary<string, Lazy<SecretKey>> passwordKeys = new();

    public static IEnumerable<(string Email, string Password, string RecoveryKey, long UserId)> At(string moment)
    {
        using var accounts = JsonDocument.Parse(File.ReadAllText(FixtureFolder.AccountsJson(moment)));
        return [.. accounts.RootElement.EnumerateArray().Select(account => (
            account.GetProperty("email").GetString()!, account.GetProperty("password").GetString()!,
            account.GetProperty("recovery").GetString()!, account.GetProperty("userID").GetInt64()))];
    }

    /// <summary>What an independent reader saw of an account.</summary>
    public static JsonElement Expected(string moment, string email)
    {
        using var expected = JsonDocument.Parse(File.ReadAllText(FixtureFolder.ExpectedJson(moment)));
        return expected.RootElement.GetProperty(email).Clone();
    }

    public KeyChain OpenByPassword(KeyAttributes attributes, string password)
    {
        var passwordKey = passwordKeys.GetOrAdd(Convert.ToHexString(attributes.Salt) + password, _ => new Lazy<SecretKey>(() =>
        {
            Assert.True(KeyChain.TryDeriveKey(attributes, Encoding.UTF8.GetBytes(password), out var key, out var problem), problem);
            return key;
        }));
        return Require(KeyChain.OpenWithPasswordKey(attributes, passwordKey.Value));
    }

    public static KeyChain OpenByRecoveryKey(KeyAttributes attributes, string words)
    {
        Assert.True(RecoveryKey.TryParse(words, out var recoveryKey, out var problem), problem);
        using (recoveryKey) return Require(KeyChain.OpenWithRecoveryKey(attributes, recoveryKey));
    }

    public void Dispose()
    {
        foreach (var key in passwordKeys.Values.Where(key => key.IsValueCreated)) key.Value.Dispose();
    }

    private static KeyChain Require(OpenResult result)
    {
        Assert.True(result.IsOpened, result.Message);
        Assert.Equal(OpenOutcome.Opened, result.Outcome);
        Assert.Empty(result.KeyChain.Problems);
        return result.KeyChain;
    }
}

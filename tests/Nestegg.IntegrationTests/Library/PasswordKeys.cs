using System.Collections.Concurrent;
using System.Text;
using Nestegg.Ente.Accounts;
using Nestegg.Ente.Cryptography;

namespace Nestegg.IntegrationTests.Library;

/// <summary>Opens accounts. A password's key takes seconds to derive, so that is done once for a run.</summary>
public sealed class PasswordKeys : IDisposable
{
    private readonly ConcurrentDictionary<string, Lazy<SecretKey>> passwordKeys = new();

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
        using (recoveryKey)
        {
            return Require(KeyChain.OpenWithRecoveryKey(attributes, recoveryKey));
        }
    }

    public void Dispose()
    {
        foreach (var key in passwordKeys.Values.Where(key => key.IsValueCreated))
        {
            key.Value.Dispose();
        }
    }

    private static KeyChain Require(OpenResult result)
    {
        Assert.True(result.IsOpened, result.Message);
        Assert.Equal(OpenOutcome.Opened, result.Outcome);
        Assert.Empty(result.KeyChain.Problems);
        return result.KeyChain;
    }
}

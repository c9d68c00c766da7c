using System.Runtime.CompilerServices;
using Nestegg.Ente.Cryptography;

namespace Nestegg.Tests.Cryptography;

public sealed class KeyedListTests
{
    private readonly SecretKey[] keys = [SecretKey.Random(), SecretKey.Random()];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_was_opened_before_a_failure_is_wiped()
    {
        await Assert.ThrowsAsync<IOException>(() => KeyedList<SecretKey>.CollectAsync(OpeningAsync(fails: true, Token), Token));
        Assert.All(keys, AssertWiped);
    }

    [Fact]
    public async Task All_are_wiped_together()
    {
        using (var list = await KeyedList<SecretKey>.CollectAsync(OpeningAsync(fails: false, Token), Token))
        {
            Assert.Equal(keys, list);
            Assert.All(list, key => Assert.Equal(SecretKey.SizeBytes, key.Bytes.Length));
        }

        Assert.All(keys, AssertWiped);
    }

    private static void AssertWiped(SecretKey key) => Assert.Throws<ObjectDisposedException>(() => { _ = key.Bytes; });

    private async IAsyncEnumerable<SecretKey> OpeningAsync(bool fails, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (var key in keys)
        {
            await Task.Delay(1, cancellationToken);
            yield return key;
        }

        if (fails)
        {
            throw new IOException("the database went away");
        }
    }
}

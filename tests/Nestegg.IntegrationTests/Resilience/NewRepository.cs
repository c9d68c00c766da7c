using Nestegg.Checks;
using Nestegg.Formats.Age;
using Nestegg.Formats.Minisign;
using Nestegg.Repositories;
using Nestegg.Stores;
using Nestegg.TestKit;

namespace Nestegg.IntegrationTests.Resilience;

/// <summary>
/// What <c>nestegg init</c> makes, for tests that go on from there, and what must hold of a repository whatever happened.
/// </summary>
internal static class NewRepository
{
    /// <returns>The recipient, as in nestegg.yaml.</returns>
    public static async Task<string> CreateAsync(IStore store, string signingKeyPath, CancellationToken cancellationToken)
    {
        using var key = MinisignSecretKey.Generate();
        using var identity = AgeIdentity.Generate();
        await File.WriteAllBytesAsync(signingKeyPath, key.ToFileText(), cancellationToken);
        await Repository.CreateAsync(store, [identity.Recipient], key.PublicKey, TimeProvider.System, cancellationToken);
        return identity.Recipient.ToString();
    }

    /// <summary>Every snapshot passes a check that reads every byte.</summary>
    /// <returns>How many there are.</returns>
    public static async Task<int> AssertIntactAsync(IStore store, string moment, CancellationToken cancellationToken)
    {
        var repository = await Repository.OpenAsync(store, cancellationToken);
        using var memory = new TemporaryFolder();
        var log = new RunLog(new RunEvents());
        await new RepositoryCheck(repository, new CheckOptions
        {
            Read = ReadScope.All,
            MemoryFolder = memory.Path,
            Random = Random.Shared,
        }, log).RunAsync(cancellationToken);
        Assert.True(log.Errors == 0, $"{moment}: {string.Join('\n', log.Findings)}");
        return (await repository.ListSnapshotsAsync(cancellationToken)).Finished.Count;
    }
}

using System.Text.Json;
using Nestegg.Checks;
using Nestegg.Formats.Age;
using Nestegg.Formats.Minisign;
using Nestegg.Repositories;
using Nestegg.Repositories.Files;
using Nestegg.Repositories.Index;
using Nestegg.Repositories.Manifests;
using Nestegg.Settings;
using Nestegg.Stores;
using Nestegg.Stores.Local;
using Nestegg.TestKit;
using Nestegg.TestKit.Instances;
using Nestegg.TestKit.Servers;

namespace Nestegg.IntegrationTests.Campaign;

/// <summary>
/// A repository with two snapshots of a known instance, in a folder or in a bucket, as somebody sees it who can write there and has no key;
/// it can be made again what it was.
/// </summary>
internal sealed class BesiegedRepository : IAsyncDisposable
{
    private readonly RunningInstance instance;
    private readonly EmbeddedStore? bucket;
    private readonly string configuration;
    private readonly Dictionary<string, byte[]> files = new(StringComparer.Ordinal);
    private (string Path, byte[] Content) memory;

    private BesiegedRepository(RunningInstance instance, EmbeddedStore? bucket, string configuration, IStore store) =>
        (this.instance, this.bucket, this.configuration, Store) = (instance, bucket, configuration, store);

    public IStore Store { get; private set; }

    /// <summary>A place beside the repository.</summary>
    public string Elsewhere => instance["elsewhere"];

    /// <summary>The repository's id.</summary>
    public string Id { get; private set; } = "";

    public AgeRecipient Recipient { get; private set; } = null!;

    /// <summary>The key that the attacker has not.</summary>
    public MinisignSecretKey SigningKey { get; private set; } = null!;

    public MinisignSecretKey StrangersKey { get; } = MinisignSecretKey.Generate();

    /// <summary>Every file as it was.</summary>
    public IReadOnlyDictionary<string, byte[]> Files => files;

    /// <summary>The ids, the newest last. Both hold the same.</summary>
    public IReadOnlyList<string> Snapshots => [.. files.Keys.Where(key => key.EndsWith("/snapshot.json", StringComparison.Ordinal))
        .Select(key => key.Split('/')[1]).Order(StringComparer.Ordinal)];

    /// <summary>The objects that both snapshots hold.</summary>
    public IReadOnlyList<IndexRow> Rows { get; private set; } = [];

    public IReadOnlyList<KnownObject> Objects => instance.Moment.Objects;

    public static async Task<BesiegedRepository> StartAsync(
        RunningInstance instance, bool isInBucket, CancellationToken cancellationToken)
    {
        var bucket = isInBucket ? await EmbeddedStore.StartAsync(cancellationToken) : null;
        var address = bucket is null
            ? instance.RepositoryFolder
            : $"s3://{await bucket.CreateBucketAsync(cancellationToken)}/nestegg?endpoint={bucket.Endpoint}&region=us-east-1"
                + "&path-style=true";
        var configuration = bucket is null
            ? instance.ConfigurationPath
            : await instance.UseRepositoryAtAsync(address, EmbeddedStore.AccessKey, EmbeddedStore.SecretKey, cancellationToken);
        IStore store = bucket is null
            ? new LocalStore(address)
            : StoreAddress.Parse(address).Open(new(EmbeddedStore.AccessKey, EmbeddedStore.SecretKey));
        var besieged = new BesiegedRepository(instance, bucket, configuration, store);
        await besieged.FillAsync(cancellationToken);
        return besieged;
    }

    /// <summary>Runs a command on it, as its owner would.</summary>
    /// <param name="folder">Where <c>export</c> and <c>restore</c> write.</param>
    public Task<Cli> RunAsync(string command, string folder, CancellationToken cancellationToken)
    {
        string[] person = ["--identity", instance.IdentityPath, "--user", instance.Moment[Role.Owner].Email,
            "--recovery-key-file", instance["recovery-key"]];
        string[] arguments = command switch
        {
            "check" => ["check", "--read"],
            "audit" => ["audit", "--snapshot", "latest", "--identity", instance.IdentityPath],
            "restore" => ["restore", "--objects-to", folder],
            "export" => ["export", "--to", folder, .. person],
            _ => command == "backup" ? [command] : [command, .. person],
        };
        return Cli.RunAsync(cancellationToken, [.. arguments, "--json", "--config", configuration]);
    }

    public Manifest ManifestOf(int snapshot) =>
        JsonSerializer.Deserialize(files[FileOf(snapshot, RepositoryKeys.Manifest)], ManifestJson.Instance.Manifest)!;

    /// <summary>Where a file of a snapshot is.</summary>
    public string FileOf(int snapshot, string name) => $"{RepositoryKeys.Snapshots}{Snapshots[snapshot]}/{name}";

    /// <summary>Everything is as it was before the attack, and remembered so.</summary>
    public async Task ResetAsync(CancellationToken cancellationToken)
    {
        await File.WriteAllBytesAsync(memory.Path, memory.Content, cancellationToken);
        if (bucket is null)
        {
            foreach (var link in Directory.GetDirectories(Store.Location).Where(path => new FileInfo(path).LinkTarget is not null))
            {
                File.Delete(link);
            }

            // Another store, since this one holds on to the folders that it has used.
            await Store.DisposeAsync();
            Store = new LocalStore(instance.RepositoryFolder);
        }

        await foreach (var item in Store.ListAsync("", cancellationToken))
        {
            if (!files.ContainsKey(item.Key))
            {
                await Store.DeleteAsync(item.Key, cancellationToken);
            }
        }

        foreach (var (key, content) in files)
        {
            if (await Store.TryReadAsync(key, cancellationToken) is not { } found || !found.AsSpan().SequenceEqual(content))
            {
                await Store.PutAsync(key, content, cancellationToken);
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        SigningKey.Dispose();
        StrangersKey.Dispose();
        await Store.DisposeAsync();
        if (bucket is not null)
        {
            await bucket.DisposeAsync();
        }

        instance.Dispose();
    }

    private async Task FillAsync(CancellationToken cancellationToken)
    {
        SigningKey = MinisignSecretKey.Parse(await File.ReadAllBytesAsync(instance["signing.key"], cancellationToken), "signing.key");
        await File.WriteAllTextAsync(instance["recovery-key"], instance.Moment[Role.Owner].RecoveryWords, cancellationToken);
        for (var n = 0; n < 2; n++)
        {
            await Cli.ExpectAsync(ExitCode.Done, cancellationToken, "backup", "--config", configuration);
        }

        // This machine remembers which snapshot was the newest.
        await Cli.ExpectAsync(ExitCode.Done, cancellationToken, "check", "--config", configuration);
        await foreach (var item in Store.ListAsync("", cancellationToken))
        {
            files.Add(item.Key, await Store.ReadAsync(item.Key, cancellationToken));
        }

        var repository = await Repository.OpenAsync(Store, cancellationToken);
        (Id, Recipient) = (repository.Description.Id, repository.Recipients[0]);
        var remembered = Directory.GetFiles(CheckMemory.FolderIn(Cli.Variables), $"{Id}-*").Single();
        memory = (remembered, await File.ReadAllBytesAsync(remembered, cancellationToken));
        var manifest = await repository.ReadManifestAsync("latest", RunEvents.Nowhere(), cancellationToken);
        Rows = await repository.ReadLiveRowsAsync(manifest, cancellationToken).ToListAsync(cancellationToken);
    }
}

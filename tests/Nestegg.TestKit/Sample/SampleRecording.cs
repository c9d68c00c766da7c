using Nestegg.Repositories.Files;
using Nestegg.TestKit.Instances;
using Nestegg.TestKit.Servers;

namespace Nestegg.TestKit.Sample;

/// <summary>
/// Makes a sample on servers of its own and writes it down at two moments: a dump, the objects as files, and what everybody must find. Then
/// the servers are gone.
/// </summary>
internal sealed class SampleRecording
{
    private readonly string folder;
    private readonly PostgresServer postgres;
    private readonly EmbeddedStore store;
    private readonly SampleInstance sample;
    private readonly Dictionary<SampleObject, string> written = [];

    private SampleRecording(string folder, PostgresServer postgres, EmbeddedStore store, SampleInstance sample) =>
        (this.folder, this.postgres, this.store, this.sample) = (folder, postgres, store, sample);

    /// <param name="folder">Gets everything; is made.</param>
    public static async Task<KnownInstance> MakeAsync(string folder, CancellationToken cancellationToken)
    {
        await using var postgres = await PostgresServer.StartAsync(cancellationToken);
        await using var store = await EmbeddedStore.StartAsync(cancellationToken);
        await using var sample = await SampleInstance.CreateAsync(
            new SampleOptions
            {
                Folder = Path.Combine(folder, "instance"), ServerConnectionString = postgres.ConnectionString("postgres"),
                DatabaseName = "ente_db", DatabaseUser = "pguser",
                ObjectStore = store.Endpoint, AccessKey = EmbeddedStore.AccessKey, SecretKey = EmbeddedStore.SecretKey,
            }, cancellationToken);
        var recording = new SampleRecording(folder, postgres, store, sample);
        var first = await recording.WriteAsync("t1", cancellationToken);
        await sample.AdvanceAsync(cancellationToken);
        var second = await recording.WriteAsync("t2", cancellationToken);
        await OlderSchema.GoBackAsync(postgres.ConnectionString(sample.Options.DatabaseName), cancellationToken);
        return new KnownInstance(KnownInstances.Sample, sample.Options.Folder, [first, second])
        {
            Older = await recording.WriteOlderAsync(second, cancellationToken),
        };
    }

    private async Task<KnownMoment> WriteAsync(string moment, CancellationToken cancellationToken)
    {
        var dump = await DumpAsync(moment, cancellationToken);
        var objects = new List<KnownObject>();
        foreach (var item in sample.Objects.Values)
        {
            if (!written.TryGetValue(item, out var path))
            {
                // The same key has other bytes at the second moment, so the path says which moment's they are.
                written[item] = path = Path.Combine(folder, moment, item.Bucket, item.Key);
                using var got = await store.Client.GetObjectAsync(item.Bucket, item.Key, cancellationToken);
                await got.WriteResponseStreamToFileAsync(path, append: false, cancellationToken);
            }

            // The generator's own hash: what a store gives back is not believed.
            var hash = ObjectHash.TryParse(item.Sha256, out var parsed) ? parsed : throw new FormatException(item.Sha256);
            objects.Add(new KnownObject(item.Slot, item.Key, item.SizeBytes, hash, path));
        }

        return new KnownMoment(moment, sample.Options.Folder, dump, sample.Users, objects,
            [.. sample.Roles.Select(person => SampleTruth.Of(sample, person.Value, person.Key))]);
    }

    /// <summary>The same people and files; what had no table in those days is not there.</summary>
    private async Task<KnownMoment> WriteOlderAsync(KnownMoment newer, CancellationToken cancellationToken) => new(
        "older", newer.Folder, await DumpAsync("older", cancellationToken), newer.Users,
        [.. newer.Objects.Where(item => item.Key.Count(letter => letter == '/') == 1)],
        [.. newer.People.Select(person => person with
        {
            Counts = new KnownCounts { Trash = person.Counts.Trash, Entities = person.Counts.Entities }, Texts = null,
        })]);

    private async Task<string> DumpAsync(string moment, CancellationToken cancellationToken)
    {
        var path = Path.Combine(folder, $"{moment}.dump");
        await ExternalProgram.RunAsync(
            Path.Combine(postgres.BinFolder, "pg_dump"),
            ["--format=custom", "--file", path, postgres.ConnectionUri(sample.Options.DatabaseName)], cancellationToken);
        return path;
    }
}

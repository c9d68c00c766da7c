using Nestegg.Ente.Library;
using Nestegg.Proof;
using Nestegg.Repositories;
using Nestegg.Snapshots;
using Nestegg.Stores.Local;
using Nestegg.TestKit;
using Nestegg.TestKit.Instances;

namespace Nestegg.Tests.Proof;

/// <summary>
/// A snapshot of a known instance, opened, whose objects were damaged before the backup and whose rows and files can be damaged after it.
/// </summary>
internal sealed class OpenedInstance : IAsyncDisposable
{
    private readonly TemporaryFolder folder = new();
    private LocalStore store = null!;
    private SampleRepository sample = null!;
    private KnownPerson person = null!;

    public OpenedSnapshot Snapshot { get; private set; } = null!;

    public Repository Repository => sample.Repository;

    /// <summary>What the last proof found.</summary>
    public IReadOnlyList<Finding> Findings { get; private set; } = [];

    public IEnumerable<Finding> Errors => Findings.Where(finding => finding.Severity == Severity.Error);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <param name="change">Damages an object, by its key and bytes, before the backup reads it; null takes it away.</param>
    public static async Task<OpenedInstance> OpenAsync(
        KnownMoment moment, Role role = Role.Owner, Func<string, byte[], byte[]?>? change = null, string? operatorFolder = null)
    {
        var opened = new OpenedInstance { person = moment[role] };
        opened.store = LocalStore.Create(opened.folder["repository"], TimeProvider.System);
        opened.sample = await SampleRepository.CreateAsync(opened.store, Token);
        var manifest = await opened.sample.BackUpAsync(moment, Token, change, operatorFolder);
        opened.Snapshot = await OpenedSnapshot.OpenAsync(opened.Repository, manifest, [opened.sample.Identity], Token);
        return opened;
    }

    /// <summary>Changes a row of the snapshot's tables.</summary>
    public OpenedInstance Execute(string sql, params object[] values)
    {
        using var command = Snapshot.Connection.CreateCommand();
        command.CommandText = sql;
        for (var i = 0; i < values.Length; i++)
        {
            command.Parameters.AddWithValue($"${i}", values[i]);
        }

        Assert.True(command.ExecuteNonQuery() != 0, $"{sql} changed nothing");
        return this;
    }

    /// <summary>Damages the file of the repository that holds an object.</summary>
    public async Task DamageStoredAsync(string key, Func<byte[], byte[]?> change)
    {
        var row = Snapshot.Find(key) ?? throw new InvalidOperationException($"{key} is not there");
        var path = Path.Combine(folder["repository"], row.StoredAs);
        var bytes = await File.ReadAllBytesAsync(path, Token);
        File.SetAttributes(path, FileAttributes.Normal);
        if (change(bytes) is { } changed)
        {
            await File.WriteAllBytesAsync(path, changed, Token);
        }
        else
        {
            File.Delete(path);
        }
    }

    /// <summary>The files of the person, trash included, to look up what a test damages.</summary>
    public async Task<List<LibraryFile>> FilesAsync()
    {
        var reader = await LibraryReader.OpenAsync(Snapshot.Connection, Token);
        using var keys = await person.OpenAsync(reader, Token);
        var albums = (await reader.AlbumsAsync(person.UserId, keys, Token)).Where(album => !album.IsDeleted).ToList();
        return await reader.FilesAsync(person.UserId, albums, Token).ToListAsync(Token);
    }

    public async Task<ProofRecord> ProveAsync(ProofOptions? options = null, ProvedObjects? proved = null)
    {
        var events = new RunEvents();
        var log = new RunLog(events);
        var reader = await LibraryReader.OpenAsync(Snapshot.Connection, Token);
        using var keys = await person.OpenAsync(reader, Token);
        using var fresh = ProvedObjects.Create();
        var run = new ProofRun(Snapshot, options ?? new ProofOptions(), TimeProvider.System, new Random(5), log);
        try
        {
            return await run.RunAsync(new ProofAccount(person.UserId, person.Email, "recovery key", keys), proved ?? fresh, Token);
        }
        finally
        {
            Findings = events.Findings;
        }
    }

    /// <summary>Proves, expects exactly one file to fail with one finding, and all others to be proved.</summary>
    public async Task<Finding> OneFileFailsAsync(string code)
    {
        var record = await ProveAsync();
        var finding = Assert.Single(Errors);
        Assert.Equal(code, finding.Code);
        Assert.Equal((ProofVerdict.NotProved, 1L, record.Counts.Files - 1),
            (record.Verdict, record.Counts.FilesNotProved, record.Counts.FilesProved));
        return finding;
    }

    public async ValueTask DisposeAsync()
    {
        await Snapshot.DisposeAsync();
        sample.Dispose();
        await store.DisposeAsync();
        folder.Dispose();
    }
}

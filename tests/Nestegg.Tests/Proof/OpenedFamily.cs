using Nestegg.Ente.Accounts;
using Nestegg.Ente.Cryptography;
using Nestegg.Ente.Library;
using Nestegg.Ente.Objects;
using Nestegg.Proof;
using Nestegg.Repositories;
using Nestegg.Snapshots;
using Nestegg.Stores;
using Nestegg.TestKit;

namespace Nestegg.Tests.Proof;

/// <summary>A snapshot of the recorded instance, opened, whose objects were damaged before the backup and whose rows and files can be damaged after it.</summary>
internal sealed class OpenedFamily : IAsyncDisposable, IProgress<RunEvent>
{
    private readonly TemporaryFolder _folder = new();
    private LocalStore _store = null!;
    private SampleRepository _sample = null!;
    private FamilyAccount _person = null!;

    public OpenedSnapshot Snapshot { get; private set; } = null!;

    public Repository Repository => _sample.Repository;

    public List<Finding> Findings { get; } = [];

    public IEnumerable<Finding> Errors => Findings.Where(finding => finding.Severity == Severity.Error);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static async Task<OpenedFamily> OpenAsync(string moment = "t1", string person = FamilyAccount.Alice, Func<string, byte[], byte[]?>? change = null, string? folder = null)
    {
        Assert.SkipUnless(FixtureFolder.IsPresent, FixtureFolder.SkipReason);
        var opened = new OpenedFamily { _person = FamilyAccount.Of(moment, person) };
        opened._store = LocalStore.Create(opened._folder["repository"]);
        opened._sample = await SampleRepository.CreateAsync(opened._store, Token);
        var manifest = await opened._sample.BackUpFamilyAsync(moment, Token, change, folder);
        opened.Snapshot = await OpenedSnapshot.OpenAsync(opened.Repository, manifest, [opened._sample.Identity], Token);
        return opened;
    }

    /// <summary>Changes a row of the snapshot's tables.</summary>
    public OpenedFamily Execute(string sql, params object[] values)
    {
        using var command = Snapshot.Connection.CreateCommand();
        command.CommandText = sql;
        for (var i = 0; i < values.Length; i++) command.Parameters.AddWithValue($"${i}", values[i]);
        Assert.True(command.ExecuteNonQuery() != 0, $"{sql} changed nothing");
        return this;
    }

    /// <summary>Damages the file of the repository that holds an object.</summary>
    public async Task DamageStoredAsync(string key, Func<byte[], byte[]?> change)
    {
        var row = await Snapshot.FindAsync(key, Token) ?? throw new InvalidOperationException($"{key} is not there");
        var path = Path.Combine(_folder["repository"], row.StoredAs);
        var bytes = await File.ReadAllBytesAsync(path, Token);
        File.SetAttributes(path, FileAttributes.Normal);
        if (change(bytes) is { } changed) await File.WriteAllBytesAsync(path, changed, Token);
        else File.Delete(path);
    }

    /// <summary>The files of the person, trash included, to look up what a test damages.</summary>
    public async Task<List<LibraryFile>> FilesAsync()
    {
        var reader = await LibraryReader.OpenAsync(Snapshot.Connection, Token);
        using var keys = await _person.OpenAsync(reader, Token);
        var albums = (await reader.AlbumsAsync(_person.UserId, keys, Token)).Where(album => !album.IsDeleted).ToList();
        return await reader.FilesAsync(_person.UserId, albums, Token).ToListAsync(Token);
    }

    public async Task<ProofRecord> ProveAsync(ProofOptions? options = null, ProvedObjects? proved = null)
    {
        Findings.Clear();
        var reader = await LibraryReader.OpenAsync(Snapshot.Connection, Token);
        using var keys = await _person.OpenAsync(reader, Token);
        using var fresh = new ProvedObjects();
        var run = new ProofRun(Repository, Snapshot, options ?? new ProofOptions(), TimeProvider.System, new Random(5), this);
        return await run.RunAsync(new ProofAccount(_person.UserId, _person.Email, "recovery key", keys), proved ?? fresh, Token);
    }

    public void Report(RunEvent value)
    {
        if (value is FindingEvent found)
        {
            lock (Findings) Findings.Add(found.Finding);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Snapshot.DisposeAsync();
        _sample.Dispose();
        await _store.DisposeAsync();
        _folder.Dispose();
    }
}

using Microsoft.Data.Sqlite;
using Nestegg.Ente.Configuration;
using Nestegg.Ente.Database;
using Nestegg.Formats.Age;
using Nestegg.Repositories;
using Nestegg.Repositories.Files;
using Nestegg.Repositories.Index;
using Nestegg.Repositories.Manifests;

namespace Nestegg.Snapshots;

/// <summary>
/// A snapshot opened for reading: its database in a private temporary SQLite file, with a table <c>stored</c> beside Ente's own
/// that says where the repository holds each object. The file is removed on dispose and, after a crash, by the next run.
/// </summary>
internal sealed class OpenedSnapshot : IAsyncDisposable
{
    private readonly IReadOnlyCollection<AgeIdentity> identities;
    private readonly StoredObjects stored;

    private OpenedSnapshot(
        Repository repository, Manifest manifest, IReadOnlyCollection<AgeIdentity> identities, ArchiveDatabase database,
        StoredObjects stored)
    {
        Repository = repository;
        Manifest = manifest;
        Database = database;
        this.identities = identities;
        this.stored = stored;
    }

    /// <summary>Where its objects are. Stays its opener's.</summary>
    public Repository Repository { get; }

    public Manifest Manifest { get; }

    /// <summary>Ente's tables and <c>stored</c>. Belongs to this object.</summary>
    public ArchiveDatabase Database { get; }

    public SqliteConnection Connection => Database.Connection;

    /// <summary>Opens the database of a snapshot; the manifest has been read and so its signature has been checked.</summary>
    /// <param name="identities">Stay the caller's, and are needed for as long as this is used.</param>
    /// <exception cref="NesteggException"><see cref="FailureKind.WrongIdentity"/>, or <see cref="FailureKind.Damaged"/>.</exception>
    public static async Task<OpenedSnapshot> OpenAsync(
        Repository repository, Manifest manifest, IReadOnlyCollection<AgeIdentity> identities, CancellationToken cancellationToken)
    {
        ArchiveDatabase database;
        await using (var dump = await repository.OpenSecretAsync(manifest, SecretPart.Database, identities, cancellationToken))
        {
            database = await ArchiveDatabase.LoadAsync(dump, manifest.Instance.DatabaseSchema, cancellationToken);
        }

        try
        {
            var stored = await StoredObjects.LoadAsync(repository, manifest, database, cancellationToken);
            return new OpenedSnapshot(repository, manifest, identities, database, stored);
        }
        catch
        {
            await database.DisposeAsync();
            throw;
        }
    }

    /// <summary>Where an object is; null when the snapshot does not hold it. May be called by several tasks at once.</summary>
    public IndexRow? Find(string key) => stored.Find(key);

    /// <summary>Opens an object; its length and hash are compared when it ends. May be called by several tasks at once.</summary>
    /// <returns>Null when the snapshot does not hold it.</returns>
    public async Task<Stream?> OpenObjectAsync(string key, CancellationToken cancellationToken) =>
        Find(key) is { } row ? await Repository.OpenObjectAsync(row, cancellationToken) : null;

    /// <summary>museum's secrets as they were: with them, accounts are found by their addresses. The caller disposes them.</summary>
    public async Task<MuseumSecrets> ReadSecretsAsync(CancellationToken cancellationToken)
    {
        await using var tar = await Repository.OpenSecretAsync(Manifest, SecretPart.Configuration, identities, cancellationToken);
        using var saved = await ConfigurationArchive.ReadAsync(tar, cancellationToken);
        return MuseumSecrets.From(saved.Effective);
    }

    public async ValueTask DisposeAsync()
    {
        stored.Dispose();
        await Database.DisposeAsync();
    }
}

using Nestegg.Repositories.Files;
using Nestegg.Repositories.Manifests;

namespace Nestegg.Repositories.Index;

/// <summary>
/// What the repository holds already, and which of it the snapshot in the making needs: 25 bytes an object at most, and one bit for its
/// mark. May be used by many tasks at once.
/// </summary>
internal sealed class KnownObjects : IDisposable
{
    // What an index file takes for a row: a hash and a UUID, which do not compress, and a little for the rest.
    private const int StoredRowBytes = 58;

    private readonly Lock gate = new();
    private readonly KeyTable rows = new();
    private readonly NumberedFiles files = new();

    /// <summary>Objects by key and version.</summary>
    public long Count
    {
        get
        {
            lock (gate)
            {
                return rows.Objects;
            }
        }
    }

    public long AllocatedBytes => rows.AllocatedBytes;

    /// <summary>Reads every index file that is signed with the repository's key; what anybody else wrote is not believed.</summary>
    /// <param name="named">Those that the snapshot before names.</param>
    /// <param name="presence">What it does not hold is not known, and is to be stored again.</param>
    /// <returns>Findings about the other index files; what they list is stored again.</returns>
    public static async Task<(KnownObjects Known, IReadOnlyList<Finding> NotBelieved)> LoadAsync(
        SignedIndexFiles files, IReadOnlyList<ManifestIndex> named, Presence presence, CancellationToken cancellationToken)
    {
        var known = new KnownObjects();
        var notBelieved = new List<Finding>();
        try
        {
            // Lengths that nobody signed must not decide how much memory is taken.
            known.rows.Reserve(named.Sum(file => file.SizeBytes) / StoredRowBytes);
            var names = named.Select(file => file.Name).ToHashSet(StringComparer.Ordinal);
            await foreach (var file in files.ReadAsync(names, Severity.Warning, notBelieved.Add, cancellationToken))
            {
                await known.ReadAsync(file, presence, cancellationToken);
            }

            return (known, notBelieved);
        }
        catch
        {
            known.Dispose();
            throw;
        }
    }

    /// <summary>Says whether the repository has an object, and marks it as needed by the snapshot if so.</summary>
    /// <param name="expectedBytes">The length it must have; <see langword="null"/> for any.</param>
    public bool TryMark(string key, long version, long? expectedBytes, out long sizeBytes)
    {
        lock (gate)
        {
            if (!rows.TryGet(key, version, out var row, out sizeBytes) || (expectedBytes is not null && sizeBytes != expectedBytes))
            {
                return false;
            }

            files.Mark(row);
            return true;
        }
    }

    /// <summary>Whether an index file was there, whole, and is believed.</summary>
    public bool HasRead(string indexName)
    {
        lock (gate)
        {
            return files.Has(indexName);
        }
    }

    /// <inheritdoc cref="NumberedFiles.NewestRun"/>
    public SnapshotId? NewestRun()
    {
        lock (gate)
        {
            return files.NewestRun;
        }
    }

    /// <summary>Rows of earlier runs whose bytes are gone or damaged.</summary>
    public LiveSet Lost()
    {
        lock (gate)
        {
            return files.Lost();
        }
    }

    /// <summary>The bytes of a lost row are where it says again.</summary>
    /// <param name="number">Of the row in its index file.</param>
    public void Regain(string indexName, int number, in IndexRow row)
    {
        lock (gate)
        {
            rows.Point(row.Key, row.Version, files.Regain(indexName, number));
        }
    }

    public void Dispose()
    {
        lock (gate)
        {
            rows.Dispose();
        }
    }

    /// <summary>
    /// Takes up a row of the file that is being written, and marks it. It replaces an older row of the same key and version.
    /// </summary>
    internal void Add(in IndexRow row)
    {
        lock (gate)
        {
            var (number, replaced) = rows.Add(row.Key, row.Version, row.SizeBytes);
            if (replaced is { } old)
            {
                files.Unmark(old);
            }

            files.Mark(number);
        }
    }

    /// <summary>The file that was being written has this name now, and another begins.</summary>
    internal void EndFile(string name, long sizeBytes, ObjectHash hash)
    {
        lock (gate)
        {
            files.End(new ManifestIndex(name, sizeBytes, hash, 0), rows.Rows);
        }
    }

    /// <inheritdoc cref="NumberedFiles.Marked"/>
    internal (LiveSet Live, IReadOnlyList<ManifestIndex> Files) Marked()
    {
        lock (gate)
        {
            return files.Marked();
        }
    }

    private async Task ReadAsync(StoredIndex file, Presence presence, CancellationToken cancellationToken)
    {
        await using var reader = new IndexReader(file);
        var together = new RowsTogether();
        while (await reader.ReadBlockAsync(cancellationToken))
        {
            while (reader.TryReadRow(out var line))
            {
                if (!together.IsWith(line))
                {
                    Take(together, presence);
                    together.Begin(line);
                }

                together.Add(line, rows.Hash(line.Key, line.Version));
            }
        }

        Take(together, presence);
        EndFile(file.Name, file.SizeBytes, file.Hash);
    }

    private void Take(RowsTogether together, Presence presence)
    {
        if (together.Rows.Count == 0)
        {
            return;
        }

        var isThere = presence.Holds(together);
        foreach (var (hash, sizeBytes) in together.Rows)
        {
            if (isThere)
            {
                rows.Add(hash, sizeBytes);
            }
            else
            {
                files.Lose(rows.AddAbsent(sizeBytes));
            }
        }
    }
}

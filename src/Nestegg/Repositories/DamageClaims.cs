using System.Text;
using Nestegg.Ente;
using Nestegg.Repositories.Files;
using Nestegg.Stores;

namespace Nestegg.Repositories;

/// <summary>
/// Which files under <c>objects/</c> and <c>packs/</c> a check found missing or damaged, written down for the next backup. Nothing of it is
/// believed: whoever relies on a claim reads the file that it names, so a false one costs no more than that.
/// </summary>
internal sealed class DamageClaims(IStore store)
{
    /// <summary>
    /// The most that one record names, and about the most whole files that one backup reads again; the others wait for the next.
    /// </summary>
    public const int MostFiles = 1000;

    // Some twice of what Ente's largest file has. What is longer is none that was ever stored.
    private const long MostBytes = 20L << 30;

    private const int MostRecords = 100;
    private const int RecordLimitBytes = 128 * 1024;

    /// <summary>Puts files on the record. The same damage found twice is one record.</summary>
    /// <returns>The records' keys.</returns>
    public async Task<IReadOnlyCollection<string>> WriteAsync(IEnumerable<string> keys, CancellationToken cancellationToken)
    {
        var records = new HashSet<string>(StringComparer.Ordinal);
        foreach (var some in keys.Order(StringComparer.Ordinal).Chunk(MostFiles))
        {
            var text = Encoding.ASCII.GetBytes(string.Concat(some.Select(key => key + "\n")));
            var record = $"{RepositoryKeys.Damage}{ObjectHash.Of(text)}.txt";
            await store.PutAsync(record, text, cancellationToken);
            records.Add(record);
        }

        return records;
    }

    /// <summary>Reads what is on the record, and each file that it names.</summary>
    /// <param name="findings">Gets why a record could not be read.</param>
    public async Task<VerifiedDamage> VerifyAsync(ICollection<Finding> findings, CancellationToken cancellationToken)
    {
        var records = new List<string>();
        var (looked, damaged) = (new HashSet<string>(StringComparer.Ordinal), new HashSet<string>(StringComparer.Ordinal));
        var (whole, bytes, later) = (0, 0L, new List<string>());
        var items = store.ListAsync(RepositoryKeys.Damage, cancellationToken).AsFarAsPossible(Unread, cancellationToken);
        await foreach (var item in items)
        {
            // What is not looked at stays on the record. Files that turn out whole are what costs: whoever claims that all are damaged
            // gets a thousand of them read in each run, and no more when they have so many bytes together.
            if (records.Count == MostRecords || whole >= MostFiles || bytes > MostBytes)
            {
                break;
            }

            if (await TryReadRecordAsync(item, Unread, cancellationToken) is not { } claims)
            {
                continue;
            }

            foreach (var key in claims.Where(looked.Add))
            {
                if (bytes > MostBytes)
                {
                    later.Add(key);
                    continue;
                }

                var size = await SizeOfAsync(key, cancellationToken);
                bytes += size ?? 0;
                if (size is not null && await IsWholeAsync(key, cancellationToken))
                {
                    whole++;
                }
                else
                {
                    damaged.Add(key);
                }
            }

            records.Add(item.Key);
        }

        return new VerifiedDamage(records, damaged, later);

        void Unread(NesteggException failure) => findings.Add(new Finding(
            "damage-unread", Severity.Warning, RepositoryKeys.Damage,
            $"what a check found damaged could not be read: {failure.Message}", failure.Hint));
    }

    /// <summary>Leaves of the records what could not be mended and what was not read.</summary>
    /// <param name="notMended">Files, among others those that were on the record.</param>
    public async Task SettleAsync(VerifiedDamage verified, IReadOnlyCollection<string> notMended, CancellationToken cancellationToken)
    {
        string[] left = [.. verified.Damaged.Intersect(notMended), .. verified.Later];
        var kept = await WriteAsync(left, cancellationToken);
        foreach (var record in verified.Records.Where(record => !kept.Contains(record)))
        {
            try
            {
                await store.DeleteAsync(record, cancellationToken);
            }
            catch (NesteggException denied) when (denied.IsOfOneItem)
            {
                // Under an object lock it stays, and costs the next backup a read of what is whole by now.
            }
        }
    }

    private async Task<IReadOnlyList<string>?> TryReadRecordAsync(
        StoreItem item, Action<NesteggException> unread, CancellationToken cancellationToken)
    {
        try
        {
            var content = item.SizeBytes > RecordLimitBytes
                ? throw Damage.Of($"{item.Key} has {Counted.Of(item.SizeBytes, "byte")}, more than a record of damage has")
                : await store.TryReadAsync(item.Key, cancellationToken) ?? [];
            var lines = Encoding.ASCII.GetString(content).Split('\n');
            return [.. lines.Where(key => RepositoryKeys.TryGetHash(key, out _, out _)).Take(MostFiles)];
        }
        catch (NesteggException failure) when (failure.SparesOthers)
        {
            unread(failure);
            return null;
        }
    }

    /// <returns><see langword="null"/> for what is absent, cannot be read or is longer than all that was ever stored.</returns>
    private async Task<long?> SizeOfAsync(string key, CancellationToken cancellationToken)
    {
        try
        {
            return await store.TryGetSizeAsync(key, cancellationToken) is { } size and <= MostBytes ? size : null;
        }
        catch (NesteggException failure) when (failure.SparesOthers)
        {
            return null;
        }
    }

    private async Task<bool> IsWholeAsync(string key, CancellationToken cancellationToken)
    {
        RepositoryKeys.TryGetHash(key, out var hash, out _);
        try
        {
            await using var stored = await store.TryOpenAsync(key, 0, null, cancellationToken);
            if (stored is null)
            {
                return false;
            }

            await using var verifying = new VerifyingStream(stored, key, null, hash);
            await verifying.DrainAsync(cancellationToken);
            return true;
        }
        catch (NesteggException failure) when (failure.SparesOthers)
        {
            return false;
        }
    }
}

/// <summary>What became of the claims.</summary>
/// <param name="Records">Keys of the files that held them.</param>
/// <param name="Damaged">Files that are missing or damaged indeed.</param>
/// <param name="Later">Files that were too many bytes for one run.</param>
internal sealed record VerifiedDamage(IReadOnlyList<string> Records, IReadOnlySet<string> Damaged, IReadOnlyList<string> Later);

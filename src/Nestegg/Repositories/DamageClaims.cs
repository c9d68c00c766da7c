using System.Text;
using Nestegg.Repositories.Files;
using Nestegg.Stores;

namespace Nestegg.Repositories;

/// <summary>
/// Which files under <c>objects/</c> and <c>packs/</c> a check found missing or damaged, written down for the next backup. Nothing of it is
/// believed: whoever relies on a claim reads the file that it names, so a false one costs no more than that.
/// </summary>
internal sealed class DamageClaims(IStore store)
{
    /// <summary>The most that is written down at once, and that one backup reads again; the next check finds the rest.</summary>
    public const int MostFiles = 1000;

    /// <summary>Puts files on the record. The same damage found twice is one record.</summary>
    /// <returns>The record's key.</returns>
    public async Task<string> WriteAsync(IEnumerable<string> keys, CancellationToken cancellationToken)
    {
        var text = Encoding.ASCII.GetBytes(string.Concat(keys.Order(StringComparer.Ordinal).Take(MostFiles).Select(key => key + "\n")));
        var record = $"{RepositoryKeys.Damage}{ObjectHash.Of(text)}.txt";
        await store.PutAsync(record, text, cancellationToken);
        return record;
    }

    /// <summary>Reads what is on the record, and each file that it names.</summary>
    /// <param name="findings">Gets why a record could not be read.</param>
    public async Task<VerifiedDamage> VerifyAsync(ICollection<Finding> findings, CancellationToken cancellationToken)
    {
        var records = new List<string>();
        var claimed = new SortedSet<string>(StringComparer.Ordinal);
        try
        {
            await foreach (var item in store.ListAsync(RepositoryKeys.Damage, cancellationToken))
            {
                var text = Encoding.ASCII.GetString(await store.TryReadAsync(item.Key, cancellationToken) ?? []);
                claimed.UnionWith(text.Split('\n').Where(key => RepositoryKeys.TryGetHash(key, out _, out _)).Take(MostFiles));
                records.Add(item.Key);
            }
        }
        catch (NesteggException unreadable) when (unreadable.SparesOthers)
        {
            findings.Add(new Finding(
                "damage-unread", Severity.Warning, RepositoryKeys.Damage,
                $"what a check found damaged could not be read: {unreadable.Message}", unreadable.Hint));
        }

        var damaged = new HashSet<string>(StringComparer.Ordinal);
        foreach (var key in claimed.Take(MostFiles))
        {
            if (!await IsWholeAsync(key, cancellationToken))
            {
                damaged.Add(key);
            }
        }

        return new VerifiedDamage(records, damaged);
    }

    /// <summary>Leaves of the records what could not be mended.</summary>
    /// <param name="notMended">Files, among others those that were on the record.</param>
    public async Task SettleAsync(VerifiedDamage verified, IReadOnlyCollection<string> notMended, CancellationToken cancellationToken)
    {
        string[] left = [.. verified.Damaged.Intersect(notMended)];
        var kept = left.Length > 0 ? await WriteAsync(left, cancellationToken) : null;
        foreach (var record in verified.Records.Where(record => record != kept))
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
internal sealed record VerifiedDamage(IReadOnlyList<string> Records, IReadOnlySet<string> Damaged);

using System.Runtime.CompilerServices;
using Nestegg.Ente;
using Nestegg.Repositories.Files;
using Nestegg.Stores;

namespace Nestegg.Repositories.Index;

/// <summary>
/// The index files that runs of this repository wrote. Others, which whoever can write to it can put beside them, are read as well before
/// they are refused, so only so many of them are looked at.
/// </summary>
/// <param name="hasSigned">Whether the repository's key has signed a file as the one that it is.</param>
internal sealed class SignedIndexFiles(IStore store, Func<StoredIndex, bool> hasSigned)
{
    /// <summary>How many files are refused one by one.</summary>
    public const int MostRefused = 1000;

    private const long MostRefusedBytes = 1L << 30;

    /// <param name="named">Names that a verified manifest has: these are read however many others there are.</param>
    /// <param name="severity">How bad a file is that is not believed.</param>
    /// <param name="refuse">Is told of each, by its key.</param>
    /// <returns>To be disposed by the caller.</returns>
    /// <exception cref="NesteggException">After the last file: a part of the folder may not be listed.</exception>
    public async IAsyncEnumerable<StoredIndex> ReadAsync(
        IReadOnlySet<string> named, Severity severity, Action<Finding> refuse, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var (refused, refusedBytes, left) = (0, 0L, 0L);
        await foreach (var item in store.ListAsync(RepositoryKeys.Index, cancellationToken))
        {
            if (!named.Contains(item.Key[RepositoryKeys.Index.Length..]) && (refused == MostRefused || refusedBytes > MostRefusedBytes))
            {
                left++;
                continue;
            }

            var (file, finding) = await TryReadAsync(item, severity, cancellationToken);
            if (file is not null)
            {
                yield return file;
                continue;
            }

            (refused, refusedBytes) = (refused + 1, refusedBytes + item.SizeBytes);
            refuse(finding!);
        }

        if (left > 0)
        {
            refuse(new Finding(
                "index-crowded", severity, RepositoryKeys.Index,
                $"after {Counted.Of(refused, "file")} in {RepositoryKeys.Index} that no run of this repository wrote, {left:N0} more that no "
                + $"snapshot names {Counted.Word(left, "was", "were")} not looked at; what may be listed there is not believed",
                "remove what no run wrote, and find out who else can write to the repository"));
        }
    }

    private async Task<(StoredIndex? File, Finding? Finding)> TryReadAsync(
        StoreItem item, Severity severity, CancellationToken cancellationToken)
    {
        var name = item.Key[RepositoryKeys.Index.Length..];
        if (!IndexName.TryParse(name, out _, out _))
        {
            return (null, new Finding(
                "unknown-file", Severity.Warning, item.Key, $"{item.Key} is no index file's name",
                "if it was renamed, rename it back; else remove it"));
        }

        try
        {
            var file = item.SizeBytes > StoredIndex.LimitBytes
                ? throw StoredIndex.TooLong(item.Key)
                : await StoredIndex.ReadAsync(store, name, cancellationToken);
            if (hasSigned(file))
            {
                return (file, null);
            }

            file.Dispose();
            return (null, IndexSigner.NotSigned(item.Key, severity));
        }
        catch (NesteggException failure) when (failure.SparesOthers)
        {
            return (null, new Finding("index-damaged", severity, item.Key, failure.Message, failure.Hint));
        }
    }
}

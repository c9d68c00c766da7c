using Nestegg.Ente;
using Nestegg.Formats.Minisign;
using Nestegg.Repositories.Files;
using Nestegg.Repositories.Index;
using Nestegg.Stores;

namespace Nestegg.Repositories;

/// <summary>
/// The marks under <c>forgotten/</c>. Only what the repository's key has signed is believed. Nothing is taken back by removing a file,
/// which whoever has a copy of it could put there again: a later mark does that.
/// </summary>
internal sealed class ForgetMarks(IStore store, MinisignPublicKey key, string repositoryId)
{
    // A forget that finds as many files writes all that is in them into its own, and removes them.
    private const int MostFiles = 64;

    // Files that no forget wrote are read before they are refused: so many, and no more bytes of them.
    private const int MostRefused = 1000;
    private const long MostRefusedBytes = 1L << 30;
    private const long LimitBytes = 64L << 20;

    private const string NotOurs =
        "no nestegg forget wrote it here: remove it, and find out who else can write to the repository";

    /// <summary>Reads all marks.</summary>
    /// <param name="severity">How bad a file is that is not believed.</param>
    /// <param name="refuse">Is told of each.</param>
    /// <exception cref="NesteggException">The folder may not be listed.</exception>
    public async Task<ForgottenSnapshots> ReadAsync(Severity severity, Action<Finding> refuse, CancellationToken cancellationToken)
    {
        var all = new ForgottenSnapshots();
        var (refused, refusedBytes, left) = (0, 0L, 0L);
        await foreach (var item in store.ListAsync(RepositoryKeys.Forgotten, cancellationToken))
        {
            if (refused == MostRefused || refusedBytes > MostRefusedBytes)
            {
                left++;
                continue;
            }

            try
            {
                foreach (var mark in await ReadAsync(item, cancellationToken))
                {
                    all.Add(mark);
                }

                all.Files.Add(item.Key);
            }
            catch (NesteggException failure) when (failure.SparesOthers)
            {
                (refused, refusedBytes) = (refused + 1, refusedBytes + Math.Min(item.SizeBytes, LimitBytes));
                refuse(new Finding("mark-not-believed", severity, item.Key, failure.Message, failure.Hint));
            }
        }

        if (left > 0)
        {
            refuse(new Finding(
                "marks-crowded", severity, RepositoryKeys.Forgotten,
                $"after {Counted.Of(refused, "file")} in {RepositoryKeys.Forgotten} that this repository's key has not signed, {left:N0} more "
                + $"{Counted.Word(left, "was", "were")} not looked at: what they mark counts as not forgotten",
                NotOurs));
        }

        return all;
    }

    /// <summary>Writes marks into a file of their own. The caller holds the lock.</summary>
    /// <param name="known">All that is marked already.</param>
    /// <param name="now">By this machine's clock.</param>
    public async Task WriteAsync(
        MinisignSecretKey signingKey, ForgottenSnapshots known, IReadOnlyCollection<ForgetMark> marks, DateTimeOffset now,
        CancellationToken cancellationToken)
    {
        foreach (var mark in marks)
        {
            known.Add(mark);
        }

        var isMerged = known.Files.Count >= MostFiles;
        var time = SnapshotId.FormatTime(now);
        var lines = await CompressAsync(isMerged ? known.Marks : marks, cancellationToken);
        byte[] content = [.. lines, .. SignatureFrame.Sign(signingKey, lines, Comment(time))];
        await store.PutAsync(RepositoryKeys.Forgotten + IndexName.Of(time, ObjectHash.Of(content)), content, cancellationToken);
        foreach (var file in isMerged ? known.Files : [])
        {
            await RemoveAsync(file, cancellationToken);
        }
    }

    private static async Task<byte[]> CompressAsync(IEnumerable<ForgetMark> marks, CancellationToken cancellationToken)
    {
        using var lines = new MemoryStream();
        await using (var zstd = ZstdWriter.Over(lines))
        {
            foreach (var mark in marks.OrderBy(mark => mark.Snapshot))
            {
                await zstd.WriteAsync(mark.ToLine(), cancellationToken);
            }
        }

        return lines.ToArray();
    }

    private async Task<IReadOnlyList<ForgetMark>> ReadAsync(StoreItem item, CancellationToken cancellationToken)
    {
        if (!IndexName.TryParse(item.Key[RepositoryKeys.Forgotten.Length..], out var time, out var hash) || item.SizeBytes > LimitBytes)
        {
            throw NotBelieved($"{item.Key} is no file of forgotten snapshots: it is named otherwise, or too long");
        }

        var content = await store.ReadAsync(item.Key, cancellationToken);
        if (ObjectHash.Of(content) is var found && found != hash)
        {
            throw NotBelieved($"{item.Key} hashes to {found} and should hash to {hash}: what it marks is not believed");
        }

        var end = Math.Max(0, content.Length - SignatureFrame.SizeBytes);
        if (!SignatureFrame.Verifies(content.AsSpan(0, end), content.AsSpan(end), key, Comment(time)))
        {
            throw NotBelieved(
                $"{item.Key} is not signed with the repository's key, or was signed for another repository: what it marks is not believed");
        }

        await using var zstd = new ZstdReader(new MemoryStream(content, 0, end, writable: false), item.Key);
        using var reader = new StreamReader(zstd);
        var marks = new List<ForgetMark>();
        while (await reader.ReadLineAsync(cancellationToken) is { } line)
        {
            marks.Add(ForgetMark.TryParse(line) ?? throw NotBelieved($"{item.Key} has a line that is no mark: {line}"));
        }

        return marks;
    }

    private async Task RemoveAsync(string file, CancellationToken cancellationToken)
    {
        try
        {
            await store.DeleteAsync(file, cancellationToken);
        }
        catch (NesteggException denied) when (denied.IsOfOneItem)
        {
            // Under an object lock it stays, and says once more what the new file says.
        }
    }

    private string Comment(string time) => $"nestegg forgotten {time} repository {repositoryId}";

    private static NesteggException NotBelieved(string what) => new(FailureKind.Damaged, what, NotOurs);
}

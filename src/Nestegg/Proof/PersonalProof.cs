using Nestegg.Ente.Library;
using Nestegg.Repositories;

namespace Nestegg.Proof;

/// <summary>
/// Proves what is not a file: albums and their names, what the apps remember, contacts and their pictures, codes of Ente Auth, comments and
/// reactions, links, and the ways into an account that were entrusted to others.
/// </summary>
internal sealed class PersonalProof(LibraryReader reader, ProofObjects objects, ProofTally tally, ProofOptions options)
{
    private const int PictureMaxBytes = 16 * 1024 * 1024;
    private const string Hint = "another snapshot may have it whole";

    /// <summary>The albums that are not deleted; the others are of use only for the trash.</summary>
    public IReadOnlyList<Album> ProveAlbums(IEnumerable<Album> albums)
    {
        var living = albums.Where(album => !album.IsDeleted).ToList();
        foreach (var album in living)
        {
            tally.AddAlbum(album, options.Names);
            foreach (var problem in album.Problems)
            {
                Error(problem, options.Names ? $"album {album.Id} ({album.Name})" : $"album {album.Id}");
            }
        }

        return living;
    }

    public async Task ProveAsync(ProofAccount account, IReadOnlyCollection<Album> albums, CancellationToken cancellationToken)
    {
        var (user, keys) = (account.UserId, account.Keys);
        foreach (var problem in keys.Problems)
        {
            Error(new LibraryProblem("account-key-damaged", problem), $"account {user}");
        }

        await JudgeAllAsync(
            reader.AuthCodesAsync(user, keys, cancellationToken), code => (code.Problem, $"code {code.Id}"), counts => counts.AuthCodes++);
        await JudgeAllAsync(reader.EntitiesAsync(
            user, keys, cancellationToken), entity => (entity.Problem, $"entry {entity.Id}"), counts => counts.Entities++);
        await JudgeAllAsync(reader.CommentsAsync(
            albums, cancellationToken), comment => (comment.Problem, $"comment {comment.Id}"), counts => counts.Comments++);
        await JudgeAllAsync(
            reader.ReactionsAsync(albums, cancellationToken), reaction => (reaction.Problem, $"reaction {reaction.Id}"),
            counts => counts.Reactions++);
        await JudgeAllAsync(
            reader.MemorySharesAsync(user, keys, cancellationToken), share => (share.Problem, $"link to memory {share.Id}"),
            counts => counts.MemoryShares++);
        await JudgeAllAsync(
            reader.FileLinksAsync(user, keys, cancellationToken), link => (link.Problem, $"link {link.Id} to file {link.FileId}"),
            counts => counts.FileLinks++);
        await JudgeAllAsync(
            reader.EntrustedAccountsAsync(user, keys, cancellationToken), other => (other.Problem, $"account {other.UserId}"),
            counts => counts.EntrustedAccounts++);
        await JudgeAllAsync(reader.LegacyKitsAsync(
            user, keys, cancellationToken), kit => (kit.Problem, $"legacy kit {kit.Id}"), counts => counts.LegacyKits++);
        await foreach (var contact in reader.ContactsAsync(user, keys, cancellationToken))
        {
            using (contact)
            {
                Judge(contact.Problem, $"contact {contact.Id}", counts => counts.Contacts++);
                if (contact is { PictureObjectKey: { } key, Key: not null })
                {
                    await ProvePictureAsync(contact, key, cancellationToken);
                }
            }
        }
    }

    /// <summary>Judges each, and disposes of what holds a key.</summary>
    private async Task JudgeAllAsync<T>(
        IAsyncEnumerable<T> all, Func<T, (LibraryProblem? Problem, string Subject)> describe, Action<ProofCounts> count)
    {
        await foreach (var one in all)
        {
            using (one as IDisposable)
            {
                var (problem, subject) = describe(one);
                Judge(problem, subject, count);
            }
        }
    }

    private async Task ProvePictureAsync(Contact contact, string key, CancellationToken cancellationToken)
    {
        var problem = "the snapshot does not hold it";
        if (objects.Find(key) is { } row)
        {
            problem = $"it does not open ({row.StoredAs})";
            try
            {
                if (await objects.ReadAsync(row, PictureMaxBytes, cancellationToken) is { } content
                    && contact.TryOpenPicture(content, out _))
                {
                    problem = null;
                }
            }
            catch (NesteggException failure)
            {
                problem = failure.Message;
            }
        }

        Judge(
            problem is null ? null : new LibraryProblem("contact-picture-damaged", $"the contact's picture, {key}: {problem}"),
            $"contact {contact.Id}", counts => counts.ContactPictures++);
    }

    private void Judge(LibraryProblem? problem, string subject, Action<ProofCounts> count)
    {
        if (problem is null)
        {
            tally.Count(count);
        }
        else
        {
            Error(problem, subject);
        }
    }

    private void Error(LibraryProblem problem, string subject) =>
        tally.Log.Find(new Finding(problem.Code, Severity.Error, subject, problem.Message, Hint));
}

using Nestegg.Ente.Library;
using Nestegg.Repositories.Proofs;

namespace Nestegg.Proof;

/// <summary>Proves what is not a file: albums and their names, what the apps remember, contacts and their pictures, codes of Ente Auth, comments and reactions, links, and the ways into an account that were entrusted to others.</summary>
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
        foreach (var problem in account.Keys.Problems)
        {
            Error(new LibraryProblem("account-key-damaged", problem), $"account {account.UserId}");
        }

        await foreach (var code in reader.AuthCodesAsync(account.UserId, account.Keys, cancellationToken))
        {
            Judge(code.Problem, $"code {code.Id}", counts => counts.AuthCodes++);
        }

        await foreach (var entity in reader.EntitiesAsync(account.UserId, account.Keys, cancellationToken))
        {
            Judge(entity.Problem, $"entry {entity.Id}", counts => counts.Entities++);
        }

        await foreach (var comment in reader.CommentsAsync(albums, cancellationToken))
        {
            Judge(comment.Problem, $"comment {comment.Id}", counts => counts.Comments++);
        }

        await foreach (var reaction in reader.ReactionsAsync(albums, cancellationToken))
        {
            Judge(reaction.Problem, $"reaction {reaction.Id}", counts => counts.Reactions++);
        }

        await foreach (var share in reader.MemorySharesAsync(account.UserId, account.Keys, cancellationToken))
        {
            Judge(share.Problem, $"link to memory {share.Id}", counts => counts.MemoryShares++);
        }

        await foreach (var link in reader.FileLinksAsync(account.UserId, account.Keys, cancellationToken))
        {
            Judge(link.Problem, $"link {link.Id} to file {link.FileId}", counts => counts.FileLinks++);
        }

        await ProveRecoveryAsync(account, cancellationToken);
        await foreach (var contact in reader.ContactsAsync(account.UserId, account.Keys, cancellationToken))
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

    private async Task ProveRecoveryAsync(ProofAccount account, CancellationToken cancellationToken)
    {
        await foreach (var entrusted in reader.EntrustedAccountsAsync(account.UserId, account.Keys, cancellationToken))
        {
            using (entrusted)
            {
                Judge(entrusted.Problem, $"account {entrusted.UserId}", counts => counts.EntrustedAccounts++);
            }
        }

        await foreach (var kit in reader.LegacyKitsAsync(account.UserId, account.Keys, cancellationToken))
        {
            Judge(kit.Problem, $"legacy kit {kit.Id}", counts => counts.LegacyKits++);
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
                if (await objects.ReadAsync(row, PictureMaxBytes, cancellationToken) is { } content && contact.TryOpenPicture(content, out _))
                {
                    problem = null;
                }
            }
            catch (NesteggException failure)
            {
                problem = failure.Message;
            }
        }

        Judge(problem is null ? null : new LibraryProblem("contact-picture-damaged", $"the contact's picture, {key}: {problem}"), $"contact {contact.Id}", counts => counts.ContactPictures++);
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

    private void Error(LibraryProblem problem, string subject) => tally.Log.Find(new Finding(problem.Code, Severity.Error, subject, problem.Message, Hint));
}

using Nestegg.Formats.Age;
using Nestegg.Repositories;
using Nestegg.Repositories.Files;

namespace Nestegg.Opening;

/// <summary>The identities that a job has read; wiped when it is disposed.</summary>
internal sealed class OpenedIdentities : IDisposable
{
    private readonly List<AgeIdentityFile> files = [];

    private OpenedIdentities()
    {
    }

    public IReadOnlyCollection<AgeIdentity> Identities => [.. files.SelectMany(file => file.Identities)];

    /// <summary>Whether one of the files says which key signs the repository's snapshots; it was compared.</summary>
    public bool NamesSigningKey => files.Any(file => file.Comments.ContainsKey(Repository.SigningKeyComment));

    /// <summary>
    /// Reads the identities, asks for a passphrase where one is needed, and compares the repository with what the files say of it.
    /// </summary>
    /// <exception cref="NesteggException">
    /// A file is absent or no identity file, or belongs to another repository; the passphrase is wrong.
    /// </exception>
    public static async Task<OpenedIdentities> OpenAsync(IdentitySource source, Repository repository, CancellationToken cancellationToken)
    {
        var opened = new OpenedIdentities();
        try
        {
            foreach (var path in source.Files)
            {
                await using var stream = NamedFile.Open(
                    path, "the identity file", "give the file that nestegg init --new-identity wrote");
                await opened.AddAsync(stream, path, source, repository, cancellationToken);
            }

            if (opened.files.Count == 0)
            {
                await using var stream = new MemoryStream(await ReadStoredAsync(repository, cancellationToken), writable: false);
                await opened.AddAsync(
                    stream, $"{RepositoryKeys.IdentityFile} at {repository.Location}", source, repository, cancellationToken);
            }

            return opened;
        }
        catch
        {
            opened.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        foreach (var file in files)
        {
            file.Dispose();
        }
    }

    private async Task AddAsync(
        Stream stream, string name, IdentitySource source, Repository repository, CancellationToken cancellationToken)
    {
        var file = await AgeIdentityFile.ReadAsync(stream, name, source.AskPassphrase, cancellationToken);
        files.Add(file);
        repository.CheckAgainst(file);
    }

    private static async Task<byte[]> ReadStoredAsync(Repository repository, CancellationToken cancellationToken) =>
        await repository.TryReadIdentityFileAsync(cancellationToken)
            ?? throw new NesteggException(
                FailureKind.WrongIdentity,
                $"no identity was given, and the repository at {repository.Location} keeps none under a passphrase",
                "give the identity file with --identity FILE; it is the one that nestegg init --new-identity wrote");
}

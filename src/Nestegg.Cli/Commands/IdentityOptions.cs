using System.CommandLine;
using Nestegg.Age;
using Nestegg.Cli.Terminal;
using Nestegg.Repositories;

namespace Nestegg.Cli.Commands;

/// <summary>
/// The options of commands that open the secret parts of a snapshot: identity files, or the passphrase of the identity that the
/// repository keeps itself (<c>identity.age</c>).
/// </summary>
internal sealed class IdentityOptions
{
    private const string PassphraseVariable = "NESTEGG_PASSPHRASE";

    private readonly Option<string[]> identity = new("--identity")
    {
        Description = "An age identity that opens the snapshot; may be given several times (else the repository's own, under a passphrase)",
        HelpName = "FILE",
    };

    private readonly Option<string?> passphraseFile = new("--passphrase-file") { Description = "Take the passphrase of the identity from a file", HelpName = "FILE" };

    private readonly Option<int?> passphraseDescriptor = new("--passphrase-fd") { Description = "Take the passphrase of the identity from an open file descriptor", HelpName = "N" };

    public IEnumerable<Option> All => [identity, passphraseFile, passphraseDescriptor];

    /// <summary>Whether the command line names an identity file.</summary>
    public bool IsGiven(ParseResult parse) => parse.GetValue(identity) is { Length: > 0 };

    /// <summary>Reads the identities, asks for a passphrase where one is needed, and compares the repository with what the files say of it.</summary>
    /// <exception cref="NesteggException">A file is absent or no identity file, or belongs to another repository; the passphrase is wrong.</exception>
    public async Task<OpenedIdentities> OpenAsync(CommonOptions common, ParseResult parse, Repository repository, CancellationToken cancellationToken)
    {
        var source = new SecretSource(parse.GetValue(passphraseFile), parse.GetValue(passphraseDescriptor));
        var prompt = new SecretPrompt(common.Host);
        var opened = new OpenedIdentities();
        try
        {
            foreach (var path in parse.GetValue(identity) ?? [])
            {
                var full = Path.GetFullPath(path, common.Host.WorkingFolder);
                await using var stream = OpenFile(full);
                await AddAsync(stream, full);
            }

            if (opened.Identities.Count == 0)
            {
                await using var stream = new MemoryStream(await ReadStoredAsync(repository, cancellationToken), writable: false);
                await AddAsync(stream, $"{RepositoryKeys.IdentityFile} at {repository.Store.Location}");
            }

            return opened;
        }
        catch
        {
            opened.Dispose();
            throw;
        }

        async Task AddAsync(Stream stream, string name)
        {
            var file = await AgeIdentityFile.ReadAsync(
                stream, name, async (asked, token) => await prompt.ReadAsync($"passphrase of {asked}", source, PassphraseVariable, token), cancellationToken);
            opened.Add(file);
            repository.CheckAgainst(file);
        }
    }

    private static FileStream OpenFile(string path) => File.Exists(path)
        ? File.OpenRead(path)
        : throw new NesteggException(FailureKind.BadInput, $"the identity file {path} does not exist", "give the file that nestegg init --new-identity wrote");

    /// <summary>The identity that the repository keeps, if it is the one that <c>nestegg.json</c> names.</summary>
    private static async Task<byte[]> ReadStoredAsync(Repository repository, CancellationToken cancellationToken)
    {
        var content = await Repository.TryReadAsync(repository.Store, RepositoryKeys.IdentityFile, cancellationToken);
        if (content is null)
        {
            throw new NesteggException(
                FailureKind.WrongIdentity, $"no identity was given, and the repository at {repository.Store.Location} keeps none under a passphrase",
                "give the identity file with --identity FILE; it is the one that nestegg init --new-identity wrote");
        }

        var expected = repository.Description.IdentitySha256;
        return ObjectHash.Of(content) == expected
            ? content
            : throw Damage.Of($"{RepositoryKeys.IdentityFile} at {repository.Store.Location} hashes to {ObjectHash.Of(content)}, {RepositoryKeys.Description} says {expected?.ToString() ?? "that there is none"}");
    }
}

/// <summary>Identities that a command has read; wiped when it is disposed.</summary>
internal sealed class OpenedIdentities : IDisposable
{
    private readonly List<AgeIdentityFile> files = [];

    public IReadOnlyCollection<AgeIdentity> Identities => [.. files.SelectMany(file => file.Identities)];

    public void Add(AgeIdentityFile file) => files.Add(file);

    public void Dispose()
    {
        foreach (var file in files)
        {
            file.Dispose();
        }
    }
}

using System.CommandLine;
using Nestegg.Cli.Terminal;
using Nestegg.Opening;

namespace Nestegg.Cli.Commands;

/// <summary>
/// The options of commands that open the secret parts of a snapshot: identity files, or the passphrase of the identity that the
/// repository keeps itself (<c>identity.age</c>).
/// </summary>
internal sealed class IdentityOptions
{
    public const string PassphraseVariable = "NESTEGG_PASSPHRASE";

    private readonly Option<string[]> identity = new("--identity")
    {
        Description = "An age identity that opens the snapshot; may be given several times (else the repository's own, under a passphrase)",
        HelpName = "FILE",
    };

    private readonly Option<string?> passphraseFile = new("--passphrase-file")
    {
        Description = "Take the passphrase of the identity from a file", HelpName = "FILE",
    };

    private readonly Option<int?> passphraseDescriptor = new("--passphrase-fd")
    {
        Description = "Take the passphrase of the identity from an open file descriptor", HelpName = "N",
    };

    /// <summary>What <c>--identity</c> is for, where that is not a snapshot.</summary>
    public string Description
    {
        init => identity.Description = value;
    }

    /// <summary>The identity files.</summary>
    public Option<string[]> Files => identity;

    public IEnumerable<Option> All => [identity, passphraseFile, passphraseDescriptor];

    public SecretSource Passphrase(ParseResult parse) => new(parse.GetValue(passphraseFile), parse.GetValue(passphraseDescriptor));

    public IdentitySource Source(CommandHost host, ParseResult parse)
    {
        var (prompt, passphrase) = (new SecretPrompt(host), Passphrase(parse));
        return new IdentitySource(
            [.. (parse.GetValue(identity) ?? []).Select(host.FullPath)],
            async (asked, problem, token) => problem is null
                ? await prompt.ReadAsync($"passphrase of {asked}", passphrase, PassphraseVariable, token)
                : await prompt.ReadAgainAsync(problem, $"passphrase of {asked}", passphrase, PassphraseVariable, token));
    }
}

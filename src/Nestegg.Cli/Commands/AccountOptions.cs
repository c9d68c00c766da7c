using System.CommandLine;
using Nestegg.Cli.Terminal;
using Nestegg.Opening;

namespace Nestegg.Cli.Commands;

/// <summary>
/// The options that say whose library it is and how it opens: by password or by recovery key, from a file, a descriptor, the environment or
/// a prompt.
/// </summary>
internal sealed class AccountOptions
{
    private const string PasswordVariable = "NESTEGG_PASSWORD";
    private const string RecoveryKeyVariable = "NESTEGG_RECOVERY_KEY";

    private readonly Option<string> user = new("--user")
    {
        Description = "Whose library: the account's e-mail address, or its number", HelpName = "EMAIL", Required = true,
    };
    private readonly Option<string?> passwordFile = new("--password-file")
    {
        Description = "Take the account's password from a file", HelpName = "FILE",
    };
    private readonly Option<int?> passwordDescriptor = new("--password-fd")
    {
        Description = "Take the account's password from an open file descriptor", HelpName = "N",
    };
    private readonly Option<string?> recoveryKeyFile = new("--recovery-key-file")
    {
        Description = "Open with the recovery key (24 words or hexadecimal) in a file", HelpName = "FILE",
    };
    private readonly Option<int?> recoveryKeyDescriptor = new("--recovery-key-fd")
    {
        Description = "Open with the recovery key from an open file descriptor", HelpName = "N",
    };

    public IEnumerable<Option> All => [user, passwordFile, passwordDescriptor, recoveryKeyFile, recoveryKeyDescriptor];

    public AccountSource Source(CommandHost host, ParseResult parse)
    {
        var (whose, prompt) = (parse.GetValue(user)!, new SecretPrompt(host));
        var recovery = new SecretSource(parse.GetValue(recoveryKeyFile), parse.GetValue(recoveryKeyDescriptor));
        var password = new SecretSource(parse.GetValue(passwordFile), parse.GetValue(passwordDescriptor));
        if (recovery.IsGiven || host.Environment.ContainsKey(RecoveryKeyVariable))
        {
            // Nobody is asked for a recovery key, so nobody can be asked again.
            return new AccountSource(whose, async (problem, token) => problem is null
                ? AccountSecret.OfRecoveryKey(
                    await prompt.ReadWholeAsync($"recovery key of {whose}", recovery, RecoveryKeyVariable, token))
                : null);
        }

        return new AccountSource(whose, async (problem, token) =>
        {
            var typed = problem is null
                ? await prompt.ReadAsync($"password of {whose}", password, PasswordVariable, token)
                : await prompt.ReadAgainAsync(problem, $"password of {whose}", password, PasswordVariable, token);
            return typed is null ? null : AccountSecret.OfPassword(typed);
        });
    }
}

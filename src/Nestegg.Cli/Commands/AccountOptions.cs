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
        return new AccountSource(whose, recovery.IsGiven || host.Environment.ContainsKey(RecoveryKeyVariable)
            ? async token => AccountSecret.OfRecoveryKey(
                await prompt.ReadAsync($"recovery key of {whose}", recovery, RecoveryKeyVariable, token))
            : async token => AccountSecret.OfPassword(await prompt.ReadAsync($"password of {whose}", password, PasswordVariable, token)));
    }
}

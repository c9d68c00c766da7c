using Nestegg.Ente.Accounts;
using Nestegg.Ente.Library;
using Nestegg.Snapshots;

namespace Nestegg.Opening;

/// <summary>The secret of an account, as somebody gives it: who mistyped it may try again. Wiped when it is disposed.</summary>
internal sealed class AskedSecret : IDisposable
{
    private const int Attempts = 3;

    private readonly AccountSource source;
    private AccountSecret secret;
    private int attempts = 1;

    private AskedSecret(AccountSource source, AccountSecret secret) => (this.source, this.secret) = (source, secret);

    public string User => source.User;

    /// <summary>What was given last.</summary>
    public AccountSecret Secret => secret;

    /// <exception cref="NesteggException">Nobody gave one.</exception>
    public static async Task<AskedSecret> AskAsync(AccountSource source, CancellationToken cancellationToken) =>
        new(source, await source.AskSecret(null, cancellationToken) ?? throw new NesteggException(
            FailureKind.BadInput, $"nobody gave the password or the recovery key of {source.User}", "give one of them"));

    /// <inheritdoc cref="AccountSecret.OpenAsync"/>
    public async Task<(long UserId, KeyChain Keys, IReadOnlyList<long> Others)> OpenAsync(
        OpenedSnapshot snapshot, LibraryReader reader, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                var opened = await secret.OpenAsync(source.User, snapshot, reader, cancellationToken);

                // What has opened one snapshot was typed well; that it does not open another has other reasons.
                attempts = Attempts;
                return opened;
            }
            catch (NesteggException failure) when (failure.Kind == FailureKind.WrongSecret && attempts++ < Attempts)
            {
                if (await source.AskSecret(failure.Message, cancellationToken) is not { } next)
                {
                    throw;
                }

                secret.Dispose();
                secret = next;
            }
        }
    }

    public void Dispose() => secret.Dispose();
}

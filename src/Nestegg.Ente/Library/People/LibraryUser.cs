namespace Nestegg.Ente.Library;

/// <summary>An account of the instance.</summary>
/// <param name="Id">The row's id.</param>
/// <param name="Email">
/// Its address; null when it was not asked for, does not open with <c>key.encryption</c>, or the account was deleted.
/// </param>
/// <param name="EmailHash"><c>users.email_hash</c>.</param>
/// <param name="HasKeys">False when the sign-up was never finished: there is nothing to open.</param>
public sealed record LibraryUser(long Id, string? Email, string EmailHash, bool HasKeys)
{
    /// <summary>Deleted accounts keep a row.</summary>
    public bool IsDeleted => EmailHash.StartsWith("deleted+", StringComparison.Ordinal);
}

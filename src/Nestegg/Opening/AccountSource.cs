namespace Nestegg.Opening;

/// <summary>Whose library it is, and how it opens.</summary>
/// <param name="User">The account's e-mail address, or its number.</param>
/// <param name="ReadSecret">
/// Gets the password or the recovery key, once; asked for before anything large is read. The caller disposes it.
/// </param>
public sealed record AccountSource(string User, Func<CancellationToken, Task<AccountSecret>> ReadSecret);

/// <summary>A person's library in a snapshot.</summary>
public sealed record PersonSource(SnapshotSource Snapshot, AccountSource Account);

namespace Nestegg.Opening;

/// <summary>Gets the password or the recovery key of an account. The caller disposes it.</summary>
/// <param name="problem">Why the last one did not serve; <see langword="null"/> the first time.</param>
/// <returns><see langword="null"/> when there is nobody to ask again.</returns>
public delegate Task<AccountSecret?> AskSecret(string? problem, CancellationToken cancellationToken);

/// <summary>Whose library it is, and how it opens.</summary>
/// <param name="User">The account's e-mail address, or its number.</param>
/// <param name="AskSecret">Asked before anything large is read.</param>
public sealed record AccountSource(string User, AskSecret AskSecret);

/// <summary>A person's library in a snapshot.</summary>
public sealed record PersonSource(SnapshotSource Snapshot, AccountSource Account);

using System.Diagnostics.CodeAnalysis;

namespace Nestegg.Ente.Accounts;

/// <summary>How an attempt to open an account ended.</summary>
public enum OpenOutcome
{
    /// <summary>The master key is known.</summary>
    Opened,

    /// <summary>The password is not this account's, as far as can be told.</summary>
    WrongPassword,

    /// <summary>The recovery key is well-formed and not this account's.</summary>
    WrongRecoveryKey,

    /// <summary>The account has no recovery key; very old accounts have none.</summary>
    NoRecoveryKey,

    /// <summary>A column that this way needs is damaged. The other way may still be open.</summary>
    Damaged,
}

/// <summary>The end of an attempt to open an account.</summary>
/// <param name="Outcome">How it ended.</param>
/// <param name="KeyChain">The keys, when it was opened. The caller disposes it.</param>
/// <param name="Message">What is wrong, as a sentence for people; empty when nothing is.</param>
public sealed record OpenResult(OpenOutcome Outcome, KeyChain? KeyChain, string Message)
{
    /// <summary>Whether the account was opened.</summary>
    [MemberNotNullWhen(true, nameof(KeyChain))]
    public bool IsOpened => KeyChain is not null;
}

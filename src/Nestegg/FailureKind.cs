namespace Nestegg;

/// <summary>Why an engine could not do what it was asked for. What a caller makes of it, such as an exit code, is the caller's.</summary>
public enum FailureKind
{
    /// <summary>What was asked for, a file that was named, or the configuration is not what it has to be.</summary>
    BadInput,

    /// <summary>There is no repository, or none that this version can read.</summary>
    NoRepository,

    /// <summary>Another writer holds the repository.</summary>
    Locked,

    /// <summary>The identity or passphrase that was given opens nothing here.</summary>
    WrongIdentity,

    /// <summary>The password or recovery key that was given does not open the account.</summary>
    WrongSecret,

    /// <summary>What the repository holds is not what was written into it.</summary>
    Damaged,

    /// <summary>A store, a database, a server or a disk does not answer, or refuses.</summary>
    OutOfReach,
}

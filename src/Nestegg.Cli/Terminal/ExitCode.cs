namespace Nestegg.Cli.Terminal;

/// <summary>What the process says at its end. Part of the interface; documented in docs/operations.md.</summary>
public enum ExitCode
{
    Done = 0,
    Unexpected = 1,
    BadInput = 2,
    Incomplete = 3,
    NoRepository = 10,
    Locked = 11,
    WrongIdentity = 12,
    Damaged = 20,
    OutOfReach = 30,
    Cancelled = 130,
}

internal static class ExitCodes
{
    /// <summary>What a failure of an engine comes to for whoever started the process.</summary>
    public static ExitCode Of(FailureKind kind) => kind switch
    {
        FailureKind.BadInput or FailureKind.WrongSecret => ExitCode.BadInput,
        FailureKind.NoRepository => ExitCode.NoRepository,
        FailureKind.Locked => ExitCode.Locked,
        FailureKind.WrongIdentity => ExitCode.WrongIdentity,
        FailureKind.Damaged => ExitCode.Damaged,
        FailureKind.OutOfReach => ExitCode.OutOfReach,
        _ => ExitCode.Unexpected,
    };

    /// <summary>What a run that came to its end comes to.</summary>
    public static ExitCode Of(bool isComplete) => isComplete ? ExitCode.Done : ExitCode.Incomplete;
}

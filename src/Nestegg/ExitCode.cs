namespace Nestegg;

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

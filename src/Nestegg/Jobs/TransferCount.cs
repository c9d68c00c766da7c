namespace Nestegg.Jobs;

/// <summary>How many objects are in transfer at once.</summary>
internal static class TransferCount
{
    /// <summary>What was asked for, else what is configured.</summary>
    /// <exception cref="NesteggException">It is not between 1 and <see cref="BackupRequest.MostParallel"/>.</exception>
    public static int Of(int? asked, int configured) => asked switch
    {
        null => configured,
        >= 1 and <= BackupRequest.MostParallel => asked.Value,
        _ => throw new NesteggException(
            FailureKind.BadInput, $"--parallel {asked} is not between 1 and {BackupRequest.MostParallel}", "8 suits most machines"),
    };
}

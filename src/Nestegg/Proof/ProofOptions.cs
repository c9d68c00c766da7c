namespace Nestegg.Proof;

/// <summary>What to prove and how.</summary>
public sealed record ProofOptions
{
    /// <summary>The share of files whose bytes are read: above 0, at most 1. Keys and descriptions of all files are opened.</summary>
    public double Sample { get; init; } = 1;

    /// <summary>Leaves out the bytes of what an earlier proof of the same person has decrypted.</summary>
    public bool OnlyNew { get; init; }

    /// <summary>Puts names of albums and files into findings, record and report.</summary>
    public bool Names { get; init; }

    /// <summary>How many files are read at once. Each holds three chunks of 4 MiB.</summary>
    public int Parallel { get; init; } = Math.Clamp(Environment.ProcessorCount * 2, 2, 10);
}

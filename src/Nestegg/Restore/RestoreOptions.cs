using Nestegg.Ente.Configuration;
using Nestegg.Ente.Revival;
using Nestegg.Settings;

namespace Nestegg.Restore;

/// <summary>What a person asked of a restore.</summary>
public sealed record RestoreOptions
{
    /// <summary>What <see cref="Keep"/> may name.</summary>
    public static IReadOnlyList<string> StepNames => Neutralisation.StepNames;

    /// <summary>The folder of the new instance.</summary>
    public required string Into { get; init; }

    /// <summary>Addresses to use for host names of the new instance's own network.</summary>
    public EndpointMap Map { get; init; } = EndpointMap.Empty;

    /// <summary>The copy runs beside the instance that it was taken from.</summary>
    public bool IsBesideProduction { get; init; }

    /// <summary>Neutralising steps that are left out; see <see cref="StepNames"/>.</summary>
    public IReadOnlySet<string> Keep { get; init; } = new HashSet<string>();

    /// <summary>The name of a database that may lose what it holds.</summary>
    public string? OverwriteDatabase { get; init; }

    /// <summary>Buckets in which objects may be replaced, and in which others may stay.</summary>
    public IReadOnlySet<string> OverwriteBuckets { get; init; } = new HashSet<string>();

    /// <summary>Whether buckets that are absent are made.</summary>
    public bool CreatesBuckets { get; init; } = true;

    /// <summary>Objects in transfer at once.</summary>
    public int Parallel { get; init; } = 8;

    public PostgresProgramSettings Postgres { get; init; } = new();

    /// <exception cref="NesteggException">A name in <see cref="Keep"/> is none of a step.</exception>
    public void CheckKeep()
    {
        foreach (var name in Keep.Except(Neutralisation.StepNames))
        {
            throw new NesteggException(
                FailureKind.BadInput, $"--keep {name} names no step of a restore.",
                $"The steps are: {string.Join(", ", Neutralisation.StepNames)}.");
        }
    }
}

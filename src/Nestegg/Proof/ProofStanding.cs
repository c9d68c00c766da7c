using Nestegg.Repositories;
using Nestegg.Repositories.Manifests;

namespace Nestegg.Proof;

/// <summary>How many of a snapshot's people have proved it.</summary>
/// <param name="Whole">Who proved all of theirs.</param>
/// <param name="InPart">Who proved a sample.</param>
/// <param name="Failed">Whose newest proof found something that does not open.</param>
/// <param name="NewestAt">When the last of these proofs ended; <see langword="null"/> when there is none.</param>
public sealed record ProofStanding(int Whole, int InPart, int Failed, DateTimeOffset? NewestAt)
{
    /// <summary>What the proofs of a snapshot come to. A proof of another manifest under the same id is no proof of this one.</summary>
    internal static ProofStanding Of(Manifest manifest, IEnumerable<ProofSummary> proofs)
    {
        var people = proofs.Where(proof => proof.ManifestSha256 == manifest.Hash).GroupBy(proof => proof.UserId).Select(OfOnePerson)
            .ToList();
        return new ProofStanding(
            Count(ProofVerdict.Proved), Count(ProofVerdict.SampleProved), Count(ProofVerdict.NotProved),
            people.Count == 0 ? null : people.Max(proof => proof.FinishedAt));

        int Count(ProofVerdict verdict) => people.Count(proof => proof.Verdict == verdict);
    }

    // The newest decides when it failed; otherwise a sample does not take anything away from a whole proof before it.
    private static ProofSummary OfOnePerson(IEnumerable<ProofSummary> proofs)
    {
        var newestFirst = proofs.OrderByDescending(proof => proof.FinishedAt).ToList();
        return newestFirst[0].Verdict == ProofVerdict.NotProved
            ? newestFirst[0]
            : newestFirst.Find(proof => proof.Verdict == ProofVerdict.Proved) ?? newestFirst[0];
    }
}

namespace Nestegg.Ente.Library;

/// <summary>A set of three cards of which any two recover a person's account.</summary>
/// <param name="Id">The row's id.</param>
/// <param name="Cards">What the cards say; empty when the row does not open.</param>
/// <param name="Problem">Why it does not open, or why the cards would not recover the account.</param>
public sealed record LegacyKit(string Id, IReadOnlyList<LegacyCard> Cards, LibraryProblem? Problem)
{
    /// <summary>Never the cards.</summary>
    public override string ToString() => $"legacy kit {Id}";
}

/// <summary>A card of a legacy kit, so that it can be printed again.</summary>
/// <param name="Index">1, 2 or 3.</param>
/// <param name="Name">Who holds it.</param>
/// <param name="Share">Base64 of the 32 bytes on it.</param>
/// <param name="Checksum">The same on all cards of a kit.</param>
public sealed record LegacyCard(int Index, string Name, string Share, string Checksum)
{
    /// <summary>Never the share.</summary>
    public override string ToString() => $"legacy card {Index}";
}

namespace Nestegg.Ente.Accounts;

/// <summary>What museum keeps to check a login: a row of <c>srp_auth</c>.</summary>
/// <param name="SrpUserId">The identity in the protocol, a UUID as text.</param>
/// <param name="Salt">The salt, decoded.</param>
/// <param name="Verifier">g to the power of x, 512 bytes.</param>
public sealed record SrpRecord(string SrpUserId, byte[] Salt, byte[] Verifier);

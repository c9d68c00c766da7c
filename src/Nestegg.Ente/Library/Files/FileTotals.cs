namespace Nestegg.Ente.Library;

/// <summary>How much there is to read of a person.</summary>
/// <param name="Files">Each once, whatever albums it is in.</param>
/// <param name="Bytes">What their originals and thumbnails take, encrypted, as the database states it.</param>
public readonly record struct FileTotals(long Files, long Bytes);

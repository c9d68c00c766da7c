namespace Nestegg.Formats.Age;

/// <summary>One way to the file key: <c>-> type arguments…</c> and a body.</summary>
internal sealed record AgeStanza(string Type, IReadOnlyList<string> Arguments, byte[] Body);

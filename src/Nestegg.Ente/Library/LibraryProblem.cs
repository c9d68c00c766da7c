namespace Nestegg.Ente.Library;

/// <summary>Something of a library that does not open.</summary>
/// <param name="Code">Stable name for programs, in kebab case: <c>file-key-wrong</c>, <c>metadata-damaged</c>.</param>
/// <param name="Message">What is wrong, as a sentence without names, titles or keys.</param>
/// <param name="IsFatal">The bytes cannot be opened. Otherwise only what describes them is damaged.</param>
public sealed record LibraryProblem(string Code, string Message, bool IsFatal = false);

namespace Nestegg;

/// <summary>How bad a finding is.</summary>
public enum Severity
{
    /// <summary>Looked at and in order.</summary>
    Ok,

    /// <summary>Worth knowing; nothing to do.</summary>
    Note,

    /// <summary>Works today and will hurt one day, or derived data that can be made again is missing.</summary>
    Warning,

    /// <summary>Data is missing, damaged, or could not be opened after a restore.</summary>
    Error,
}

/// <summary>One thing that was looked at, and what was found.</summary>
/// <param name="Code">Stable name for programs, in kebab case: <c>object-missing</c>, <c>key-encryption-wrong</c>.</param>
/// <param name="Severity">How bad it is.</param>
/// <param name="Subject">What it is about: an object key, a file of the repository, a slot, a table, a setting.</param>
/// <param name="Message">What was found, with what was expected, as a sentence.</param>
/// <param name="Hint">What to do; empty when there is nothing to do.</param>
public sealed record Finding(string Code, Severity Severity, string Subject, string Message, string Hint = "");

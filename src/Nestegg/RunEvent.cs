namespace Nestegg;

/// <summary>What a long-running engine says while it works. The command line prints it as text or as one line of JSON.</summary>
public abstract record RunEvent;

/// <summary>A step begins or has ended, in a sentence.</summary>
public sealed record StepEvent(string Step, string Text) : RunEvent;

/// <summary>How far a step is. May come for each object: whoever shows it chooses how often.</summary>
/// <param name="Total">How many there are; <see langword="null"/> while that is unknown.</param>
/// <param name="TotalBytes">How long they are together; <see langword="null"/> while that is unknown.</param>
public sealed record ProgressEvent(string Step, long Done, long? Total, long DoneBytes, long? TotalBytes) : RunEvent;

/// <summary>Something was found.</summary>
public sealed record FindingEvent(Finding Finding) : RunEvent;

namespace Nestegg;

/// <summary>What a long-running engine says while it works. The command line prints it as text or as one line of JSON.</summary>
public abstract record RunEvent;

/// <summary>A step begins or has ended, in a sentence.</summary>
public sealed record StepEvent(string Step, string Text) : RunEvent;

/// <summary>How far a step is. Totals are 0 while they are unknown.</summary>
public sealed record ProgressEvent(string Step, long Done, long Total, long DoneBytes, long TotalBytes) : RunEvent;

/// <summary>Something was found.</summary>
public sealed record FindingEvent(Finding Finding) : RunEvent;

namespace Px.Experiments.Reports;

/// <summary>A file that a report goes without, and why.</summary>
public sealed record Problem(string File, string Reason);

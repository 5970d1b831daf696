namespace Px.Experiments.Reports.Charts;

/// <summary>A value written beside an axis.</summary>
/// <param name="At">Where, in [0, 1].</param>
/// <param name="Text">What is written.</param>
public sealed record Tick(double At, string Text);

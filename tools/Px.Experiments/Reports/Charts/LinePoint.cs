namespace Px.Experiments.Reports.Charts;

/// <summary>A point of a line: a mean, and the values that it is the mean of.</summary>
/// <param name="X">Along the horizontal axis.</param>
/// <param name="Y">The mean.</param>
/// <param name="Deviation">How far the values spread; null where that is not known.</param>
/// <param name="Values">The values.</param>
/// <param name="Text">What is said of the point.</param>
public sealed record LinePoint(double X, double Y, double? Deviation, IReadOnlyList<double> Values, string Text);

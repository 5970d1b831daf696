namespace Px.Pruning.Walks;

/// <summary>The choice among a range of units: running sums of their weights.</summary>
/// <param name="First">The first unit.</param>
/// <param name="Cumulative">Running sums, one a unit; the last one is positive.</param>
/// <param name="Total">The sum of the weights; 0 where all are zero and each unit that is open is as likely as another.</param>
internal sealed record StepRow(int First, double[] Cumulative, double Total);

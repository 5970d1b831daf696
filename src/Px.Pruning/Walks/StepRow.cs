namespace Px.Pruning.Walks;

/// <summary>The choice among a range of units by weight. Weights lie in the parameters; of their running sums only every sixteenth is kept.</summary>
/// <param name="Sums">Running sums up to the end of each block of <see cref="Block"/> units; the last one is positive.</param>
/// <param name="Total">The sum of the weights; 0 where all are zero and each unit that is open is as likely as another.</param>
internal sealed record StepRow(double[] Sums, double Total)
{
    internal const int Block = 16;
}

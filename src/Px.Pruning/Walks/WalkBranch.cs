namespace Px.Pruning.Walks;

/// <summary>One of the calls that a unit leads to, and the units where it may be entered: several where a convolution is flattened.</summary>
/// <param name="Call">The call; null where the walk has arrived.</param>
/// <param name="Units">The units that can be entered.</param>
/// <param name="Cumulative">Running sums of the units' weights.</param>
internal sealed record WalkBranch(int? Call, int[] Units, double[] Cumulative)
{
    internal static WalkBranch End { get; } = new(null, [], []);
}

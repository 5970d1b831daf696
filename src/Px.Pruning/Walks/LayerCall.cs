using Px.Pruning.Probing;

namespace Px.Pruning.Walks;

/// <summary>One call of a weighted layer. A layer that is called twice has two calls, with the same weights.</summary>
/// <param name="Site">The layer.</param>
/// <param name="Grid">Its weights.</param>
/// <param name="OutputShape">What it returns for one sample; the first dimension may hold several entries of that sample.</param>
internal sealed record LayerCall(Site Site, KernelGrid Grid, long[] OutputShape)
{
    internal int Slot => Site.Weighted!.Slot;

    /// <summary>The dimension of the units, counted from the end, in what the layer receives and in what it returns.</summary>
    internal int UnitDimensionFromEnd => Site.Weighted!.SampleDimensions;
}

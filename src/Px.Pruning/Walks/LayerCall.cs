using Px.Pruning.Probing;
using TorchSharp.Modules;

namespace Px.Pruning.Walks;

/// <summary>One call of a layer that the unit graph is cut at. A layer that is called twice has two calls, with the same weights.</summary>
internal sealed class LayerCall
{
    private readonly KernelGrid? grid;

    /// <param name="site">The layer: one with weights, or one with a parameter for each channel.</param>
    /// <param name="outputShape">What it returns for one sample; the first dimension may hold several entries of that sample.</param>
    internal LayerCall(Site site, long[] outputShape)
    {
        (Site, OutputShape) = (site, outputShape);
        if (site.Weighted is { } layer)
        {
            grid = new KernelGrid(layer);
            (UnitDimensionFromEnd, Inputs, Outputs) = (layer.SampleDimensions, grid.Inputs, grid.Outputs);
            return;
        }

        UnitDimensionFromEnd = site.Module is LayerNorm norm ? norm.normalized_shape.Length : outputShape.Length - 1;
        Inputs = Outputs = (int)outputShape[^UnitDimensionFromEnd];
    }

    internal Site Site { get; }

    internal long[] OutputShape { get; }

    /// <summary>Channels or features that it receives.</summary>
    internal int Inputs { get; }

    /// <summary>Channels or features that it returns.</summary>
    internal int Outputs { get; }

    /// <summary>The dimension of the units, counted from the end, in what the layer receives and in what it returns.</summary>
    internal int UnitDimensionFromEnd { get; }

    /// <summary>Where its weights lie.</summary>
    internal KernelGrid Grid => grid ?? throw new InvalidOperationException($"'{Site.Name}' has no weights between units.");

    internal int Slot => Site.Weighted!.Slot;
}

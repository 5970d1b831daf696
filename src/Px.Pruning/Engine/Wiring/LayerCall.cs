using Px.Pruning.Engine.Paths;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Px.Pruning.Engine.Wiring;

// One call of a layer that the unit graph is cut at. A layer that is called twice has two calls, with the same weights.
internal sealed class LayerCall
{
    private readonly KernelGrid? grid;

    internal LayerCall(HookedModule hooked, long[] outputShape)
    {
        (Layer, OutputShape) = (hooked, outputShape);
        if (hooked.Weighted is { } layer)
        {
            grid = new KernelGrid(layer);
            (UnitDimensionFromEnd, Inputs, Outputs) = (layer.SampleDimensions, grid.Inputs, grid.Outputs);
            return;
        }

        UnitDimensionFromEnd = hooked.Module is LayerNorm norm ? norm.normalized_shape.Length : Math.Max(1, outputShape.Length - 1);
        Inputs = Outputs = (int)outputShape[^UnitDimensionFromEnd];
    }

    internal HookedModule Layer { get; }

    internal long[] OutputShape { get; }

    internal int Inputs { get; }

    internal int Outputs { get; }

    // The dimension of the units, counted from the end, in input and output.
    internal int UnitDimensionFromEnd { get; }

    internal KernelGrid Grid => grid ?? throw new InvalidOperationException($"'{Layer.Name}' has no weights between units.");

    internal WeightSlot Slot => Layer.Weighted!.Slot;
}

// One pass of one sample that records every call that the graph is cut at, in order. Layers with weights return ones.
internal sealed class CallRecorder(Func<HookedModule, bool> cuts) : PathEvaluation
{
    internal List<LayerCall> Calls { get; } = [];

    internal override bool Replaces(HookedModule hooked) => base.Replaces(hooked) || cuts(hooked);

    internal override Tensor Compute(HookedModule hooked, Tensor input)
    {
        var output = hooked.Weighted is { } layer ? ones(layer.OutputShape(input), input.dtype, input.device) : base.Compute(hooked, input);
        if (cuts(hooked)) Calls.Add(new LayerCall(hooked, output.shape));
        return output;
    }
}

// Where the weights between two units of a layer lie in its parameter. A unit is a channel of a convolution or a feature of a linear layer.
internal sealed class KernelGrid
{
    private readonly bool transposed;

    internal KernelGrid(WeightedLayer layer)
    {
        long[] shape = layer.Weight.shape;
        transposed = layer.Transposed;
        int groups = (int)layer.Groups;
        KernelSize = (int)shape[2..].Aggregate(1L, (product, size) => product * size);
        (GroupOutputs, GroupInputs) = transposed ? ((int)shape[1], (int)shape[0] / groups) : ((int)shape[0] / groups, (int)shape[1]);
        (Inputs, Outputs) = (GroupInputs * groups, GroupOutputs * groups);
    }

    internal int Inputs { get; }

    internal int Outputs { get; }

    internal int GroupInputs { get; }

    internal int GroupOutputs { get; }

    // Weights between two units, 1 for a linear layer.
    internal int KernelSize { get; }

    // The index of the kernel between two units of one group: its weights begin at this times KernelSize.
    internal int Kernel(int input, int output) =>
        transposed ? input * GroupOutputs + output % GroupOutputs : output * GroupInputs + input % GroupInputs;
}

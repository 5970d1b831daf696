using Px.Pruning.Probing;

namespace Px.Pruning.Walks;

/// <summary>Where the weights between two units of a layer lie in its parameter. A unit is a channel of a convolution or a feature of a linear layer.</summary>
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

    /// <summary>Weights between two units: the kernel's taps, 1 for a linear layer.</summary>
    internal int KernelSize { get; }

    /// <summary>The kernel between two units of one group: its taps begin at this times <see cref="KernelSize"/>.</summary>
    internal int Kernel(int input, int output) =>
        transposed ? input * GroupOutputs + output % GroupOutputs : output * GroupInputs + input % GroupInputs;
}

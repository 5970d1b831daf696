using Px.Pruning.Walks;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Px.Pruning.Shrinking;

/// <summary>Which outputs of a layer depend on which of its inputs, by its weights that are not zero.</summary>
internal static class ChannelReads
{
    /// <summary>For each output whether it depends on one of the inputs that are marked.</summary>
    internal static bool[] Forward(LayerCall call, bool[] inputs)
    {
        if (call.Site.Weighted is null) return Spread(inputs, ChannelGraph.TiedGroups(call));
        using var scope = NewDisposeScope();
        var reads = Reads(call);
        long[] shape = reads.shape;
        return Values(reads.logical_and(tensor(inputs).reshape(shape[0], 1, shape[2])).any(2));
    }

    /// <summary>For each input whether one of the outputs that are marked depends on it.</summary>
    internal static bool[] Backward(LayerCall call, bool[] outputs)
    {
        if (call.Site.Weighted is null) return Spread(outputs, ChannelGraph.TiedGroups(call));
        using var scope = NewDisposeScope();
        var reads = Reads(call);
        long[] shape = reads.shape;
        return Values(reads.logical_and(tensor(outputs).reshape(shape[0], shape[1], 1)).any(1));
    }

    /// <summary>Whether a weight is not zero, NaN included: [groups, outputs of a group, inputs of a group], on the CPU.</summary>
    private static Tensor Reads(LayerCall call)
    {
        var layer = call.Site.Weighted!;
        long groups = layer.Groups;
        using var weight = layer.Weight.detach();
        var used = weight.reshape(weight.size(0), weight.size(1), -1).ne(0).any(2).cpu();
        return layer.Transposed
            ? used.reshape(groups, used.size(0) / groups, used.size(1)).transpose(1, 2)
            : used.reshape(groups, used.size(0) / groups, used.size(1));
    }

    /// <summary>A mark of one channel is one of its whole group.</summary>
    private static bool[] Spread(bool[] marks, int groups)
    {
        int size = marks.Length / groups;
        return [.. Enumerable.Range(0, marks.Length).Select(unit => marks.AsSpan(unit / size * size, size).Contains(true))];
    }

    private static bool[] Values(Tensor marks) => marks.contiguous().data<bool>().ToArray();
}

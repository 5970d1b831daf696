using Px.Pruning.Engine;
using Px.Pruning.Engine.Wiring;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Px.Pruning.Shrinking;

// Facts about every channel: whether it carries a constant, whether that can be folded away, and whether anything reads it.
internal sealed class ChannelFacts
{
    private readonly ChannelGraph graph;
    private readonly ConstantEvaluation constants;
    private readonly bool[][] readsInput, readsOutput;
    private readonly Dictionary<HookedModule, int> uses;

    internal ChannelFacts(Network network, ChannelGraph graph)
    {
        this.graph = graph;
        constants = new ConstantEvaluation(graph.Calls);
        using var scope = NewDisposeScope();
        try
        {
            network.Run(constants, network.Sample!.Fill(ConstantEvaluation.Samples, shape =>
                ConstantEvaluation.Varied([ConstantEvaluation.Samples, .. shape], network.Device)));
        }
        finally
        {
            constants.Release();
        }

        if (constants.Arrivals.Count < graph.Calls.Count) throw CutEvaluation.OtherCourse(graph.Calls[constants.Arrivals.Count].Layer);
        uses = graph.Calls.GroupBy(call => call.Layer).ToDictionary(calls => calls.Key, calls => calls.Count());
        (readsInput, readsOutput) = Backward();
    }

    // Whether a call's output unit carries nothing: it is a constant, or nothing reads it.
    internal bool IsDead(int call, int output) => !readsOutput[call][output] || !double.IsNaN(constants.Departures[call][output]);

    // Whether the network's output depends on a call's input unit.
    internal bool IsRead(int call, int input) => readsInput[call][input];

    // The constant that arrives at a call's input unit, or NaN.
    internal double Constant(int call, int input) => constants.Arrivals[call][input];

    // Why the bias of a call, or the batch norm right behind it, cannot absorb a constant input; null if it can.
    internal string? WhyNoFold(int call)
    {
        var hooked = graph.Calls[call].Layer;
        if (hooked.Weighted is not { } layer) return "it is no linear map";
        if (uses[hooked] > 1) return "it is called several times";
        if (layer.Transposed) return "a transposed convolution makes no constant of it";
        if (layer.PadsWithZeros) return "its zero padding makes no constant of it";
        if (layer.Weight.dtype is not (ScalarType.Float32 or ScalarType.Float64)) return $"{layer.Weight.dtype} is too coarse to fold in";
        return layer.Bias is null && NormBehind(call) is null ? "it has neither a bias nor a batch norm right behind it" : null;
    }

    // The batch norm with running statistics that receives all that a call returns, and nothing else, or null.
    internal int? NormBehind(int call)
    {
        int next = call + 1;
        bool follows = next < graph.Calls.Count && constants.Follows[next]
            && graph.Calls[next].Layer.Module is BatchNorm { running_mean: not null }
            && uses[graph.Calls[next].Layer] == 1 && graph.Links[next].TrueForAll(entry => entry.Link.Port == next);
        return follows ? next : null;
    }

    private (bool[][] Inputs, bool[][] Outputs) Backward()
    {
        int calls = graph.Calls.Count;
        bool[][] inputs = new bool[calls][], outputs = new bool[calls][];
        for (int call = calls - 1; call >= 0; call--)
        {
            outputs[call] = new bool[graph.SourceUnits[call + 1]];
            foreach (var (unit, link) in graph.Links[call + 1]) outputs[call][unit] |= link.Port == calls || inputs[link.Port][link.Unit];
            inputs[call] = ChannelReads.Backward(graph.Calls[call], outputs[call]);
        }

        return (inputs, outputs);
    }
}

// Which outputs of a layer depend on which of its inputs, by its weights that are not zero.
internal static class ChannelReads
{
    // For each output whether it depends on one of the inputs that are marked.
    internal static bool[] Forward(LayerCall call, bool[] inputs) => Read(call, inputs, forward: true);

    // For each input whether one of the outputs that are marked depends on it.
    internal static bool[] Backward(LayerCall call, bool[] outputs) => Read(call, outputs, forward: false);

    private static bool[] Read(LayerCall call, bool[] marks, bool forward)
    {
        if (call.Layer.Weighted is not { } layer) return Spread(marks, ChannelGraph.TiedGroups(call));
        using var scope = NewDisposeScope();
        var reads = Reads(layer);
        var marked = tensor(marks).reshape(reads.size(0), forward ? 1 : reads.size(1), forward ? reads.size(2) : 1);
        return reads.logical_and(marked).any(forward ? 2 : 1).contiguous().data<bool>().ToArray();
    }

    // Whether a weight is not zero, NaN included: [groups, outputs of a group, inputs of a group], on the CPU.
    private static Tensor Reads(WeightedLayer layer)
    {
        using var weight = layer.Weight.detach();
        var used = weight.reshape(weight.size(0), weight.size(1), -1).ne(0).any(2).cpu();
        var pairs = used.reshape(layer.Groups, used.size(0) / layer.Groups, used.size(1));
        return layer.Transposed ? pairs.transpose(1, 2) : pairs;
    }

    // A mark of one channel is one of its whole group.
    private static bool[] Spread(bool[] marks, int groups)
    {
        int size = marks.Length / groups;
        return [.. Enumerable.Range(0, marks.Length).Select(unit => marks.AsSpan(unit / size * size, size).Contains(true))];
    }
}

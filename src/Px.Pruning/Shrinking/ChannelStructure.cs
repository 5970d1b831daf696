using Px.Pruning.Engine;
using Px.Pruning.Engine.Wiring;
using static TorchSharp.torch;

namespace Px.Pruning.Shrinking;

// The channels of a network as they can be removed: groups that are tied together, the layers that write and read them, and why some stay.
// Plain numbers, which outlive the network they were found on.
internal sealed class ChannelStructure
{
    internal ChannelStructure(Network network, ChannelGraph graph, RemovalPlan stays)
    {
        var first = Enumerable.Range(0, graph.Calls.Count).Where(call => graph.Calls[call].Layer.Weighted is not null)
            .DistinctBy(call => graph.Calls[call].Layer).ToList();
        var slots = new HashSet<WeightSlot>();
        var groups = new Dictionary<int, ChannelGroup>();
        ChannelGroup Of(int node) =>
            groups.TryGetValue(node, out var group) ? group : groups[node] = new ChannelGroup(node) { WhyStays = stays.WhyKept(node) };
        Layers =
        [
            .. first.Select((call, index) => new ChannelLayer(index, graph.Calls[call], slots.Add(graph.Calls[call].Slot),
                [.. Enumerable.Range(0, graph.TargetUnits[call]).Select(unit => Of(graph.OfTarget(call, unit)))],
                [.. Enumerable.Range(0, graph.SourceUnits[call + 1]).Select(unit => Of(graph.OfSource(call + 1, unit)))])),
        ];
        foreach (var layer in Layers)
        {
            foreach (var group in layer.Inputs) group.Add(layer.Index, inputs: 1, outputs: 0);
            foreach (var group in layer.Outputs) group.Add(layer.Index, inputs: 0, outputs: 1);
        }

        Groups = [.. groups.Values.OrderBy(group => group.Node)];
        foreach (var group in Groups.Where(group => !group.Parts.Exists(part => part.Outputs > 0)))
            group.WhyStays ??= "no layer writes them";
        OtherWeights = network.Slots.Where(slot => !slots.Contains(slot)).Sum(slot => slot.Weight.numel());
        Shapes = network.Sample!.Shapes.ToArray();
    }

    internal IReadOnlyList<ChannelLayer> Layers { get; }

    internal IReadOnlyList<ChannelGroup> Groups { get; }

    // Of layers that are not called.
    internal long OtherWeights { get; }

    // Of the inputs of one sample.
    internal long[][] Shapes { get; }

    // Output channels of layers that stay, and why.
    internal IReadOnlyList<UnremovedChannels> Fixed() =>
    [
        .. from layer in Layers
           from @group in layer.Outputs
           where @group.WhyStays is not null
           group @group by (layer.Name, @group.WhyStays) into channels
           select new UnremovedChannels { Layer = channels.Key.Name, Channels = channels.Count(), Reason = channels.Key.WhyStays! },
    ];

    // Keeps the groups none of whose writing weights has a score.
    internal void KeepUnscored(PruningScores scores, string method)
    {
        var names = scores.Names.ToHashSet();
        foreach (var group in Groups.Where(group =>
            !group.Parts.Exists(part => part.Outputs > 0 && names.Contains(Layers[part.Layer].Slot))))
        {
            group.WhyStays ??= $"{method} scores none of the weights that write them";
        }
    }

    // Zeroes the pruned weights of a model, bit for bit as before once disposed.
    internal static SavedTensors Zero(nn.Module model, PruningMask mask)
    {
        var saved = new SavedTensors();
        try
        {
            using var scope = NewDisposeScope();
            using var noGrad = no_grad();
            foreach (string name in mask.Names.Where(name => mask.KeptIn(name) < mask.TotalIn(name)))
            {
                var weight = saved.Save(model.get_parameter(name)!);
                weight.masked_fill_(mask[name].logical_not().to(weight.device), 0);
            }

            return saved;
        }
        catch
        {
            saved.Dispose();
            throw;
        }
    }
}

// Channels that are removed together. Node is their number in the channel graph.
internal sealed class ChannelGroup(int node)
{
    internal int Node { get; } = node;

    // Null for one that may be removed.
    internal string? WhyStays { get; set; }

    // How many channels of each layer it is, in order of the layers.
    internal List<(int Layer, int Inputs, int Outputs)> Parts { get; } = [];

    internal void Add(int layer, int inputs, int outputs)
    {
        if (Parts is not [.., var last] || last.Layer != layer) Parts.Add((layer, inputs, outputs));
        else Parts[^1] = (layer, last.Inputs + inputs, last.Outputs + outputs);
    }
}

// A convolution or linear layer with the group of each of its channels.
internal sealed class ChannelLayer
{
    private readonly long[] shape;
    private readonly bool transposed;
    private readonly long groups, kernel, groupInputs;

    internal ChannelLayer(int index, LayerCall call, bool isFirstOfSlot, ChannelGroup[] inputs, ChannelGroup[] outputs)
    {
        var layer = call.Layer.Weighted!;
        (Index, Name, Slot, Inputs, Outputs) = (index, call.Layer.Name, layer.Slot.Name, inputs, outputs);
        (shape, transposed, groups, Positions) = (layer.Weight.shape, layer.Transposed, layer.Groups, layer.Positions);
        kernel = shape[2..].Aggregate(1L, (product, size) => product * size);
        groupInputs = Inputs.Length / groups;
        IsFirstOfSlot = isFirstOfSlot;
    }

    internal int Index { get; }

    internal string Name { get; }

    // The name of its weight.
    internal string Slot { get; }

    // Whether no earlier layer has the same weight.
    internal bool IsFirstOfSlot { get; }

    // How often each weight is used for one sample.
    internal long Positions { get; }

    internal ChannelGroup[] Inputs { get; }

    internal ChannelGroup[] Outputs { get; }

    // The weights that write an output channel while so many inputs are left; groups go as a whole.
    internal long WeightsPerOutput(int inputs) => (groups == 1 ? inputs : groupInputs) * kernel;

    // The sum over the weights that write each output channel, or that read each input channel: float64.
    internal double[] Sums(Tensor scores, bool outputs)
    {
        using var scope = NewDisposeScope();
        long[] others = outputs ? [2, 3] : [1, 3];
        return ByChannels(scores.contiguous()).sum(others).reshape(-1).contiguous().data<double>().ToArray();
    }

    // A mask without the weights of removed channels: in the weight's shape, bool, on the CPU.
    internal Tensor Mask(Func<ChannelGroup, bool> isLeft)
    {
        using var scope = NewDisposeScope();
        var mask = ones(shape, ScalarType.Bool);
        var byChannels = ByChannels(mask);
        byChannels.logical_and_(tensor(Array.ConvertAll(Outputs, group => isLeft(group))).reshape(groups, -1, 1, 1));
        byChannels.logical_and_(tensor(Array.ConvertAll(Inputs, group => isLeft(group))).reshape(groups, 1, -1, 1));
        return mask.MoveToOuterDisposeScope();
    }

    // A view: [groups, outputs of a group, inputs of a group, kernel].
    private Tensor ByChannels(Tensor weight) => transposed
        ? weight.view(groups, groupInputs, -1, kernel).transpose(1, 2)
        : weight.view(groups, -1, groupInputs, kernel);
}

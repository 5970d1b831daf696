using Px.Bytes;
using Px.Pruning.Engine;
using Px.Pruning.Engine.Paths;
using Px.Pruning.Engine.Sessions;
using Px.Pruning.Engine.Weights;
using Px.Pruning.Engine.Wiring;
using Px.Pruning.Masking;
using Px.Pruning.Reporting;
using static TorchSharp.torch;

namespace Px.Pruning.Analysis;

// Measures a model for NetworkAnalysis.
internal static class NetworkMeasurement
{
    internal static NetworkAnalysis Take(PruningModel model, PruningData sample, PruningMask? mask, CancellationToken token) =>
        Measure(model, sample, mask, (network, alive, kept) =>
        {
            using var paths = TryFollow(network, kept, token, out string? unknown);
            var layers = network.Slots.Select(slot => Count(network.Describe(slot), alive[slot], paths?.Effective(slot))).ToList();
            return new NetworkAnalysis(layers, model.Module.parameters().DistinctBy(TensorAddress.Of).Sum(p => p.numel()),
                Facts(layers, paths, unknown) with { Cut = ReportFacts.CutOf(network) });
        }, token);

    internal static PruningMask EffectiveMask(
        PruningModel model, PruningData sample, PruningMask? mask, CancellationToken token) =>
        Measure(model, sample, mask, (network, _, kept) =>
        {
            using var paths = Follow(network, kept, token);
            return PruningMask.Adopt(network.Slots.Select(slot => KeyValuePair.Create(slot.Name, paths.Effective(slot))));
        }, token);

    private static T Measure<T>(
        PruningModel model, PruningData sample, PruningMask? mask, Func<Network, SlotTensors, MaskedWeights, T> measure,
        CancellationToken token)
    {
        if (mask is not null) MaskMismatch.ThrowIfAny(model.Module, mask);
        // With a seed, the session restores the global random state after forward passes that draw random numbers.
        var options = new PruningOptions { Parameters = ParameterSelection.Default.IncludingUnused(), Seed = 0 };
        return new NetworkSession("The analysis", new()).Run(model, sample, options, context =>
        {
            RefuseOtherNames(mask, context.Network);
            Gates.Find(context.Network, token);
            var alive = context.Network.MasksOf(mask);
            using var kept = new MaskedWeights(context.Network, alive);
            return measure(context.Network, alive, kept);
        }, token);
    }

    internal static void RefuseOtherNames(PruningMask? mask, Network network)
    {
        var names = network.Slots.Select(slot => slot.Name).ToHashSet();
        if (mask?.Names.FirstOrDefault(name => !names.Contains(name)) is not { } other) return;
        throw new ArgumentException(
            $"The mask names '{other}', which is not the weight of a convolution, transposed convolution or linear layer, or not the first "
            + $"name of one that layers share. The model's weights are: {string.Join(", ", names)}.", nameof(mask));
    }

    private static EffectivePaths? TryFollow(Network network, MaskedWeights kept, CancellationToken token, out string? unknown)
    {
        unknown = null;
        try
        {
            return Follow(network, kept, token);
        }
        catch (Exception e) when (network.IsAboutTheModel(e))
        {
            // Also for networks with paths: the caller's forward may fail on values and a dtype that it was not written for.
            unknown = e.Message.Split('\n')[0];
            return null;
        }
    }

    private static EffectivePaths Follow(Network network, MaskedWeights kept, CancellationToken token)
    {
        network.RequireHooks();
        if (network.UsedElsewhere is [var use, ..]) throw use.Refuse("The analysis");
        token.ThrowIfCancellationRequested();
        PathLinearity.Check(network);
        return EffectivePaths.Follow(network, kept, token);
    }

    private static LayerAnalysis Count(LayerInfo layer, Tensor alive, Tensor? effective)
    {
        using var owned = effective;
        long kept = MaskTensors.CountTrue(alive), total = alive.numel();
        long? used = effective is null ? null : MaskTensors.CountTrue(effective);
        return new()
        {
            Name = layer.Name,
            Type = layer.Type,
            Total = total,
            Kept = kept,
            Effective = used,
            Units = layer.Outputs,
            UnitsAlive = layer.OutputsIn(alive),
            UnitsEffective = effective is null ? null : layer.OutputsIn(effective),
            Inputs = layer.Inputs,
            InputsAlive = layer.InputsIn(alive),
            InputsEffective = effective is null ? null : layer.InputsIn(effective),
            DenseFlops = 2 * total * layer.Positions,
            Flops = 2 * kept * layer.Positions,
            EffectiveFlops = 2 * used * layer.Positions,
        };
    }

    private static PathFacts Facts(IReadOnlyList<LayerAnalysis> layers, EffectivePaths? paths, string? unknown)
    {
        var used = layers.Where(layer => layer.DenseFlops is null or > 0).Select(layer => layer.Name).ToHashSet();
        if (paths is null) return new(unknown, used, null, null, []);
        var reached = paths.Outputs.dim() < 2 ? paths.Outputs.reshape(-1, 1) : paths.Outputs.transpose(0, 1).flatten(1); // [K, …]
        bool[] units = reached.any(1).cpu().data<bool>().ToArray();
        long[] dead = [.. Enumerable.Range(0, units.Length).Where(unit => !units[unit]).Select(unit => (long)unit)];
        return new(null, used, units.Length, dead, dead.Length == units.Length ? [] : Empty(layers, paths));
    }

    private static List<EmptySeries> Empty(IReadOnlyList<LayerAnalysis> layers, EffectivePaths paths)
    {
        var byName = layers.ToDictionary(layer => layer.Name);
        string NameOf(int call) => paths.Calls[call].Layer.Weighted!.Slot.Name;
        var empty = new List<EmptySeries>();
        CallGraph? graph = null;
        for (int call = 0; call < paths.Calls.Count; call++)
        {
            if (byName[NameOf(call)] is not { Effective: 0, Total: > 0 } layer
                || empty.Exists(series => series.Layers.Contains(layer.Name)))
            {
                continue;
            }

            var (series, bypass) = (graph ??= paths.Graph()).Locate(call);
            empty.Add(new EmptySeries([.. series.Select(NameOf).Distinct()], bypass));
        }

        return empty;
    }
}

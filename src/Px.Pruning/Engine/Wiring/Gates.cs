using Px.Pruning.Engine.Weights;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Px.Pruning.Engine.Wiring;

// Finds the modules that multiply paths instead of lying on one (squeeze-excite, attention, gated linear units), and the layers that feed
// nothing else. Of a network in which nothing flows, a module on a path still sends its own signal on to the output; a factor multiplies
// zero, and what feeds a factor ends there.
internal static class Gates
{
    // Where how the modules are joined cannot be seen, there are none: then the network has no paths, and methods of paths refuse it.
    internal static void Find(Network network, CancellationToken token)
    {
        bool Called(Func<HookedModule, bool> which) => network.Modules.Any(hooked => hooked.WasCalled && which(hooked));
        if (!network.IsProbed || !network.IsSeenWhole || !Called(hooked => hooked.MayGate)) return;
        try
        {
            // Of a tanh and a sigmoid that multiply each other, the sigmoid is the gate: tanh hands its input on.
            if (Called(hooked => hooked.MayGate && !hooked.IsOtherActivation))
                Mark(network, hooked => hooked.MayGate && !hooked.IsOtherActivation, token);
            if (Called(hooked => hooked.Module is Tanh)) Mark(network, hooked => hooked.Module is Tanh, token);
            network.HasGates = Called(hooked => hooked.IsGate);
            if (network.HasGates) MarkLayers(network, token);
        }
        catch (Exception e) when (network.IsAboutTheModel(e))
        {
            network.HasGates = false;
            foreach (var hooked in network.Modules) hooked.IsGate = hooked.FeedsOnlyGates = false;
        }
    }

    // Takes the weights that feed only gates out of the ranking, since no path leads through them: all of a layer, or some of its output
    // units, as in one layer for queries, keys and values.
    internal static void LeaveOut(Network network, CancellationToken token)
    {
        if (!network.HasGates) return;
        using var scope = NewDisposeScope();
        using var whole = new MaskedWeights(network, null);
        using var paths = EffectivePaths.Follow(network, whole, token, throughGates: false);
        using var all = EffectivePaths.Follow(network, whole, token);
        var found = new List<WeightSlot>();
        foreach (var slot in network.Prunable)
        {
            bool[] onPath = Units(slot, paths.Effective(slot)), used = Units(slot, all.Effective(slot));
            if (!onPath.Zip(used).Any(unit => unit.Second && !unit.First)) continue;
            long[] ranked = [.. Enumerable.Range(0, used.Length).Where(unit => onPath[unit] || !used[unit]).Select(unit => (long)unit)];
            // The units of a grouped transposed convolution are no part of its weight's dimensions.
            slot.RankedUnits = onPath.Contains(true) && !(slot.Layer.Transposed && slot.Layer.Groups > 1) ? ranked : [];
            found.Add(slot);
        }

        network.LeaveOut(found);
    }

    // Which output units have a marked weight.
    private static bool[] Units(WeightSlot slot, Tensor marks)
    {
        using var owned = marks;
        using var units = (slot.Layer.Transposed ? marks.transpose(0, 1) : marks).flatten(1).any(1);
        return units.contiguous().data<bool>().ToArray();
    }

    private static void Mark(Network network, Func<HookedModule, bool> candidates, CancellationToken token)
    {
        var probe = new UnitProbe(network, hooked => hooked.Weighted is not null || candidates(hooked));
        var onPath = Leading(probe, alone: true, token);
        // A module that some calls put on a path is no gate.
        foreach (var calls in probe.Calls.Zip(onPath).Where(call => candidates(call.First.Layer)).GroupBy(call => call.First.Layer))
            calls.Key.IsGate = !calls.Any(call => call.Second);
    }

    private static void MarkLayers(Network network, CancellationToken token)
    {
        var probe = new UnitProbe(network, hooked => hooked.Weighted is not null || hooked.IsGate);
        var (onPath, leading) = (Leading(probe, alone: true, token), Leading(probe, alone: false, token));
        for (int call = 0; call < probe.Calls.Count; call++)
            if (leading[call]) probe.Calls[call].Layer.FeedsOnlyGates = true;
        for (int call = 0; call < probe.Calls.Count; call++)
            if (onPath[call] || probe.Calls[call].Layer.IsGate) probe.Calls[call].Layer.FeedsOnlyGates = false;
    }

    // Whether what a call returns reaches the network's output, directly or through other calls. Alone: where all else is zero, so that it
    // passes no product.
    private static bool[] Leading(UnitProbe probe, bool alone, CancellationToken token)
    {
        int calls = probe.Calls.Count;
        var feeds = probe.Send(calls + 1, (sample, source, _) => sample == source, alone, token);
        bool Feeds(int call, int target)
        {
            int units = probe.TargetUnits[target];
            return feeds[target].AsSpan((call + 1) * units, units).Contains(true);
        }

        var leads = new bool[calls];
        for (int call = calls - 1; call >= 0; call--)
        {
            leads[call] = Feeds(call, calls);
            for (int later = call + 1; later < calls && !leads[call]; later++) leads[call] = leads[later] && Feeds(call, later);
        }

        return leads;
    }
}

using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace Px.Pruning.Engine;

// Layers that a model has and does not use in evaluation mode: an auxiliary head, a layer that forward never calls.
internal static class UnusedLayers
{
    // The ranked weights that the output depends on for none of the inputs, and those that it depends on although no hook has seen a call
    // of their layers. None where no gradient can be taken to find out.
    internal static (IReadOnlyList<WeightSlot> Unused, IReadOnlyList<WeightSlot> Silent) Find(Network network, IEnumerable<Inputs> inputs)
    {
        var unused = Quiet(network, [.. network.Prunable.Where(slot => slot.HasLayer)]);
        var silent = new List<WeightSlot>();
        foreach (var input in inputs)
        {
            if (unused.Count == 0) break;
            if (Reached(network, unused, input) is not { } reached) return ([], []);
            unused = Quiet(network, unused);
            silent.AddRange(unused.Intersect(reached));
            unused = [.. unused.Except(reached)];
        }

        return (unused, silent);
    }

    private static List<WeightSlot> Quiet(Network network, IReadOnlyList<WeightSlot> weights)
    {
        var called = network.Modules.Where(hooked => hooked.WasCalled).Select(hooked => hooked.Weighted?.Slot).ToHashSet();
        return [.. weights.Where(slot => !called.Contains(slot))];
    }

    // Which of the weights the output is differentiable by while hooks put constants in place of what they see; null where that fails.
    private static List<WeightSlot>? Reached(Network network, List<WeightSlot> weights, Inputs input)
    {
        using var scope = NewDisposeScope();
        try
        {
            using var grad = enable_grad();
            using var borrowed = new BorrowedGradients(weights.Select(slot => slot.Weight));
            var output = network.Run(new ShapeEvaluation { NotesShapes = false }, input);
            if (output.requires_grad) autograd.backward([output.sum()], inputs: [.. weights.Select(slot => slot.Weight)]);
            return [.. weights.Where(slot => slot.Weight.grad is not null)];
        }
        catch (ExternalException) when (input.IsInOtherType(network.WeightType))
        {
            return Reached(network, weights, input.To(network.WeightType));
        }
        catch (ExternalException)
        {
            return null;
        }
    }
}

using System.Runtime.InteropServices;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Px.Pruning.Engine;

// A layer that is called, and whose parameter takes part in the network beside these calls: in a function, by forward(), or as another
// module's. Hooks substitute the parameter in calls only.
// Sharer: a module of another kind that has the parameter too; null where there is none.
internal sealed record UseElsewhere(string Layer, string Parameter, string? Sharer)
{
    // Method: who refuses, as the literature writes it.
    internal UnsupportedModelException Refuse(string method) => new(
        $"{method} has to see every use of a weight, but '{Parameter}' is {What}. Give each use a layer of its own that is called through "
        + "call(); layers may share the parameter (second.weight = first.weight).")
    { Module = Layer };

    internal string What => Sharer is null
        ? $"also used outside of {Layer}.call(…), by a function such as functional.linear(x, {Parameter}) or by {Layer}.forward(x), where "
            + "no hook runs"
        : $"also a parameter of '{Sharer}', where it is not the weight of a convolution or linear layer";
}

internal static class UsesElsewhere
{
    // The layers of the last run of which that is true, in the model's order. One pass in which hooks put constants in place of every
    // parameter: a parameter that the output is still differentiable by was used elsewhere.
    internal static IReadOnlyList<UseElsewhere> Find(Network network, Inputs sample)
    {
        List<(HookedModule Layer, Parameter Parameter)> called =
        [
            .. (from hooked in network.Modules
                where hooked.WasCalled
                let parameter = hooked.Weighted?.Weight ?? hooked.Norm?.Gamma as Parameter
                where parameter is not null
                select (hooked, parameter)).DistinctBy(layer => layer.parameter.Handle),
        ];
        // A backward pass to no tensor would be one to all leaves.
        if (called.Count == 0) return [];
        using var scope = NewDisposeScope();
        try
        {
            using var grad = enable_grad();
            using var borrowed = new BorrowedGradients(called.Select(layer => layer.Parameter));
            // A native module has handles of its own for a tensor that it shares: by its gradient it is known.
            var handles = called.Select(layer => layer.Parameter.Handle).ToHashSet();
            var others = network.Model.named_parameters()
                .Where(other => !handles.Contains(other.parameter.Handle) && other.parameter.grad is null).ToList();
            var output = network.Run(new ShapeEvaluation { NotesShapes = false }, sample);
            if (!output.requires_grad) return [];
            autograd.backward([output.sum()], inputs: called.Select(layer => (Tensor)layer.Parameter).ToList());
            others.RemoveAll(other => other.parameter.grad is null);
            var reached = called.Where(layer => layer.Parameter.grad is not null);
            return [.. reached.Select(layer => Describe(layer.Layer, layer.Parameter, others))];
        }
        catch (ExternalException) when (sample.IsInOtherType(network.WeightType))
        {
            return Find(network, sample.To(network.WeightType));
        }
        catch (ExternalException)
        {
            // A network that runs, but not where gradients are taken: no method that takes any can score it either.
            return [];
        }
    }

    private static UseElsewhere Describe(HookedModule hooked, Parameter parameter, List<(string Name, Parameter Parameter)> others)
    {
        string name = hooked.Weighted?.Slot.Name ?? $"{hooked.Name}.weight";
        string? same = others.Find(other => other.Parameter.shape.SequenceEqual(parameter.shape)).Name;
        return new(hooked.Name, name, same?[..Math.Max(0, same.LastIndexOf('.'))]);
    }
}

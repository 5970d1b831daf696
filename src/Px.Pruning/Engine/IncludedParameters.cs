using Px.Bytes;
using Px.Pruning.Masking;
using static TorchSharp.torch.nn;

namespace Px.Pruning.Engine;

// Parameters that a selection adds to the weights of layers: those of attention, recurrent, embedding and bilinear modules, biases, norm
// scales and the model's own.
internal static class IncludedParameters
{
    private const int Listed = 20;

    internal static List<WeightSlot> Find(Module model, IReadOnlyList<WeightSlot> layers, ParameterSelection selection)
    {
        if (!selection.Includes) return [];
        RequireAll(model, selection);
        var seen = layers.Select(slot => TensorAddress.Of(slot.Weight)).ToHashSet();
        var owners = new ParameterOwners(model);
        var found = new List<WeightSlot>();
        foreach (var (name, parameter) in model.named_parameters())
        {
            var owner = owners.Find(name).Owner;
            if (!parameter.is_floating_point() || !selection.Accepts(name, owner, isLayersWeight: false)) continue;
            if (seen.Add(TensorAddress.Of(parameter))) found.Add(new WeightSlot(name, owner, () => model.get_parameter(name)!));
        }

        return found;
    }

    // Both together, in the model's order.
    internal static List<WeightSlot> Order(Module model, IEnumerable<WeightSlot> layers, IReadOnlyCollection<WeightSlot> included)
    {
        if (included.Count == 0) return [.. layers];
        var order = model.named_parameters().Select((p, i) => (p.name, i)).DistinctBy(p => p.name).ToDictionary(p => p.name, p => p.i);
        return [.. layers.Concat(included).OrderBy(slot => order.GetValueOrDefault(slot.Name))];
    }

    private static void RequireAll(Module model, ParameterSelection selection)
    {
        // With all names of a parameter that modules share.
        var names = (from module in model.named_modules().Prepend((name: "", module: model))
                     from parameter in module.module.named_parameters(recurse: false)
                     select module.name.Length == 0 ? parameter.name : $"{module.name}.{parameter.name}").ToList();
        if (selection.Patterns.FirstOrDefault(pattern => !names.Exists(pattern.Regex.IsMatch)) is not { Text: { } text }) return;
        throw new ArgumentException(
            $"ParameterSelection.Including(\"{text}\") names no parameter of the model. Its parameters are: "
            + $"{string.Join(", ", names.Take(Listed))}{(names.Count > Listed ? $" and {names.Count - Listed} more" : "")}.");
    }
}

using System.Runtime.InteropServices;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Px.Pruning.Engine;

// Hooks convert layers and norms to the type of a computation. A buffer, a raw parameter or a constant that the model's forward combines
// with their outputs keeps its own type, and libtorch refuses to mix the two.
internal static class MixedTypes
{
    private const int Listed = 3;

    // An error of libtorch's about types in words that name the tensors; null where the error is another or the model's own.
    internal static UnsupportedModelException? Explain(ScoringContext context, string method, MethodNeeds needs, ExternalException e)
    {
        var network = context.Network;
        string error = e.Message.Split('\n')[0];
        if (!error.Contains("type", StringComparison.Ordinal)) return null;
        bool makesInputs = !needs.Data || needs.Hooks || needs.Paths;
        // Such a method computes in the model's type: the error is the caller's loss' or targets'.
        if (!makesInputs && network.WeightType == network.ComputeType) return null;
        if (makesInputs && context.InputType is { } type && type is not (ScalarType.Float32 or ScalarType.Float64))
        {
            string embedding = network.Model.named_modules().FirstOrDefault(module => module.module is Embedding or EmbeddingBag).name ?? "";
            string indices = embedding.Length > 0 ? $"the indices of the embedding '{embedding}'" : "the indices of an embedding";
            return new($"{method} gives the network numbers that are not integers, but its input is {type}, such as {indices}, where no "
                + $"path begins ({error}).", e)
            { Module = embedding };
        }

        if (network.WeightType == ScalarType.Float64) return null;
        if (!error.Contains("ouble", StringComparison.Ordinal) && network.WeightType == network.ComputeType) return null;
        var names = Raw(network).Take(Listed + 1).ToList();
        string listed = string.Join(", ", names.Take(Listed).Select(name => $"'{name}'"));
        string what = names.Count == 0 ? "a tensor of its own" : names.Count > Listed ? $"{listed} and others" : listed;
        return new($"{method} computes in another type than {network.WeightType}, but the model's forward combines the result with {what} "
            + $"({error}). Let such a tensor follow its input, as kernel.to(x.dtype) does, or convert the whole model by to(float64).", e);
    }

    // Floating-point buffers and parameters that belong to no layer whose computation hooks replace.
    private static IEnumerable<string> Raw(Network network)
    {
        var replaced = network.Modules.Where(hooked => hooked.Weighted is not null || hooked.Norm is not null || hooked.IsOtherActivation)
            .Select(hooked => hooked.Name).ToHashSet(StringComparer.Ordinal);
        return network.Model.named_parameters().Select(p => (p.name, Tensor: (Tensor)p.parameter))
            .Concat(network.Model.named_buffers().Select(b => (b.name, Tensor: b.buffer)))
            .Where(entry => entry.Tensor.is_floating_point() && !replaced.Contains(entry.name[..Math.Max(0, entry.name.LastIndexOf('.'))]))
            .Select(entry => entry.name);
    }
}

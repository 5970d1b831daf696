using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Px.Pruning.Engine.Sessions;

// Layers, norms, parameters and buffers follow the type of a computation. A tensor that is not registered, or that a native module holds,
// keeps its own type, and libtorch refuses to mix the two.
internal static class MixedTypes
{
    private const int Listed = 3;

    // An error of libtorch's about types in words that name the tensors; null where the error is another or the model's own.
    internal static UnsupportedModelException? Explain(ScoringContext context, string method, MethodNeeds needs, Exception e)
    {
        var network = context.Network;
        string error = e.Message.Split('\n')[0];
        if (!error.Contains("type", StringComparison.Ordinal) && !error.Contains("integral", StringComparison.Ordinal)) return null;
        bool makesInputs = !needs.Data || needs.Hooks || needs.Paths || needs.Float64;
        // Such a method computes in the model's type: the error is the caller's loss' or targets'.
        if (!makesInputs && network.WeightType == network.ComputeType) return null;
        if (makesInputs && context.InputType is { } type && type is not (ScalarType.Float32 or ScalarType.Float64))
        {
            string embedding = network.Model.named_modules()
                .FirstOrDefault(module => module.module is Embedding or EmbeddingBag).name ?? "";
            string indices = embedding.Length > 0 ? $"the indices of the embedding '{embedding}'" : "the indices of an embedding";
            return new($"{method} gives the network numbers that are not integers, but its input is {type}, such as {indices}, where "
                + $"no path begins ({error}).", e)
            { Module = embedding };
        }

        if (network.WeightType == ScalarType.Float64) return null;
        if (!error.Contains("ouble", StringComparison.Ordinal) && network.WeightType == network.ComputeType) return null;
        var names = Native(network).Take(Listed + 1).ToList();
        string listed = string.Join(", ", names.Take(Listed).Select(name => $"'{name.Module}.{name.Parameter}'"));
        string owner = names.Count == 0 ? "" : names[0].Module;
        string what = names.Count == 0 ? "a tensor that is no registered parameter or buffer"
            : (names.Count > Listed ? $"{listed} and others" : listed)
                + (names.All(name => name.Module == owner) ? $" of '{owner}'" : $", the first of '{owner}'");
        return new($"{method} computes in another type than {network.WeightType}, but the model's forward combines the result with {what} "
            + $"({error}). Let such a tensor follow its input, as kernel.to(x.dtype) does, or convert the whole model by to(float64).", e)
        { Module = owner };
    }

    // Floating-point parameters of TorchSharp's own modules whose computation no hook replaces, and which read them in native code.
    private static IEnumerable<(string Module, string Parameter)> Native(Network network)
    {
        var replaced = network.Modules.Where(hooked => hooked.Weighted is not null || hooked.Norm is not null || hooked.IsOtherActivation)
            .Select(hooked => hooked.Module).ToHashSet<nn.Module>(ReferenceEqualityComparer.Instance);
        return from entry in network.Model.named_modules()
               where entry.module.GetType().Assembly == typeof(Tensor).Assembly && entry.module is not (ParameterList or ParameterDict)
                   && !replaced.Contains(entry.module)
               from own in entry.module.named_parameters(recurse: false)
               where own.parameter.is_floating_point()
               select (entry.name, own.name);
    }
}

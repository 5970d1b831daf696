using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Pruning.Tests.Analysis;

/// <summary>Masks from a seed.</summary>
internal static class RandomMasks
{
    /// <summary>A mask over every weight of two or more dimensions that keeps each with the same probability.</summary>
    internal static PruningMask Draw(Module model, double density, int seed)
    {
        var random = new Random(seed);
        return new PruningMask(Weights(model).Select(weight => KeyValuePair.Create(
            weight.Name, tensor(Enumerable.Range(0, (int)weight.Tensor.numel()).Select(_ => random.NextDouble() < density).ToArray()).reshape(weight.Tensor.shape))));
    }

    /// <summary>A mask that keeps all, but for the parameters given: null for nothing.</summary>
    internal static PruningMask AllBut(Module model, params (string Name, Tensor? Mask)[] others)
    {
        var given = others.ToDictionary(other => other.Name, other => other.Mask);
        var weights = Weights(model).ToList();
        given.Keys.Should().BeSubsetOf(weights.Select(weight => weight.Name));
        return new PruningMask(weights.Select(weight => KeyValuePair.Create(
            weight.Name, given.TryGetValue(weight.Name, out var mask) ? mask ?? zeros(weight.Tensor.shape) : ones(weight.Tensor.shape))));
    }

    private static IEnumerable<(string Name, Tensor Tensor)> Weights(Module model) => model.named_parameters()
        .Where(p => p.name.EndsWith("weight", StringComparison.Ordinal) && p.parameter.dim() > 1).Select(p => (p.name, (Tensor)p.parameter));
}

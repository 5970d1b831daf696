using static TorchSharp.torch;

namespace Px.Benchmarks.Authors;

/// <summary>Random and magnitude: a score, no pass.</summary>
internal static class Baselines
{
    internal static IReadOnlyList<Tensor> Random(MaskedNetwork model, Tensor input, Tensor target) =>
        [.. model.Weights().Select(weight => randn_like(weight))];

    internal static IReadOnlyList<Tensor> Magnitude(MaskedNetwork model, Tensor input, Tensor target) =>
        [.. model.Layers.Select(name => (model[name] * model.Masks[name]).detach().abs())];
}

using TorchSharp;
using static TorchSharp.torch;

namespace Px.Pruning.Probing;

/// <summary>
/// Checks that every activation of the network is a module, so that taking them out leaves a linear network: turning the input's sign
/// must turn the sign of whatever leaves a module. Max-pooling modules gather at the same places both times.
/// </summary>
internal static class ActivationFreedom
{
    private const double Tolerance = 1e-6;

    /// <exception cref="UnsupportedModelException">An activation or pooling is called as a function; the message names the module around it.</exception>
    internal static void Check(Network network, Tensor input)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        using var weights = new MaskedWeights(network, null);
        using var pattern = new ActivationPattern();
        var sample = input.narrow(0, 0, 1).to(ScalarType.Float64);
        var plus = new Bare(weights, pattern, record: true);
        var minus = new Bare(weights, pattern, record: false);
        network.Run(plus, sample);
        network.Run(minus, sample.neg());
        foreach (var ((site, there), (_, back)) in plus.Sums.Zip(minus.Sums))
        {
            if (Math.Abs(there.Sum + back.Sum) <= Tolerance * (there.Magnitude + back.Magnitude)) continue;
            throw new UnsupportedModelException(
                $"The forward of {(site.Name.Length == 0 ? "the model itself" : $"'{site.Name}'")} is not linear once its activation modules are taken out: "
                + "an activation or a max-pooling is called as a function. The released variant of PX removes activations, which must therefore be modules "
                + "(torch.nn.ReLU, torch.nn.MaxPool2d) called through call(). KeepsFunctionalActivations leaves them on instead; "
                + "PathExclusionPruner itself has no such limit.")
            { Module = site.Name };
        }
    }

    /// <summary>Weights as they are; no biases, no activations, norm layers the identity.</summary>
    private sealed class Bare(MaskedWeights weights, ActivationPattern pattern, bool record) : Evaluation
    {
        internal List<(Site Site, (double Sum, double Magnitude) Output)> Sums { get; } = [];

        internal override bool Replaces(Site site) => site.Weighted is not null || site.Norm is not null || site.IsRelu || site.IsSmoothActivation || site.IsMaxPool;

        internal override Tensor Compute(Site site, Tensor input)
        {
            if (site.IsMaxPool) return Pool(site, input);
            if (site.Weighted is not { } layer) return input.clone();
            using var theta = weights.Theta(layer.Slot, input.dtype);
            return layer.Apply(input, theta, null);
        }

        internal override Tensor? Leave(Site site, int moment, Tensor output)
        {
            using var magnitude = output.abs().sum();
            Sums.Add((site, (output.sum().ToDouble(), magnitude.ToDouble())));
            return null;
        }

        private Tensor Pool(Site site, Tensor input)
        {
            if (!record) return PathEvaluation.Gather(input, pattern.NextIndices());
            var (output, indices) = site.PoolWithIndices(input);
            pattern.AddIndices(indices);
            return output;
        }
    }
}

/// <summary>
/// h as PX's first public code computes it: squared weights and squared biases, every activation the identity, norm layers in training mode
/// with their own γ and β, max-pooling on its own values.
/// </summary>
/// <param name="squared">θ² for every slot, in the input's dtype.</param>
internal sealed class ReleasedKernelEvaluation(IReadOnlyList<Tensor> squared) : Evaluation
{
    internal override bool Replaces(Site site) => site.Weighted is not null || site.Norm is not null || site.IsRelu || site.IsSmoothActivation;

    internal override Tensor Compute(Site site, Tensor input)
    {
        if (site.Norm is { } norm) return norm.NormalizeBatch(input);
        if (site.Weighted is not { } layer) return input.clone();
        using var bias = layer.Bias?.detach().to(input.dtype).square();
        return layer.Apply(input, squared[layer.Slot], bias);
    }
}

using static TorchSharp.torch;

namespace Px.Pruning.Probing;

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

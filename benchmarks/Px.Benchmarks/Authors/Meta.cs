using static TorchSharp.torch;

namespace Px.Benchmarks.Authors;

/// <summary>ProsPR: the loss after inner steps of SGD, differentiated with respect to the mask through all steps; every graph lives.</summary>
internal static class Meta
{
    private const int Steps = 3;
    private const double Rate = 0.1;

    /// <summary>|∂L(w_M)/∂m| with w₀ = m θ.</summary>
    internal static IReadOnlyList<Tensor> ProsPr(MaskedNetwork model, Tensor input, Tensor target)
    {
        model.Training = true;
        Tensor[] masks = [.. model.Masks.Values.Select(mask => mask.clone().requires_grad_(true))];
        return [.. autograd.grad([LossAfterSteps(model, input, target, masks)], masks).Select(gradient => gradient.abs())];
    }

    private static Tensor LossAfterSteps(MaskedNetwork model, Tensor input, Tensor target, Tensor[] masks)
    {
        Tensor[] weights = [.. masks.Zip(model.Weights(), (mask, weight) => mask * weight.detach())];
        for (int step = 0; step < Steps; step++)
        {
            var loss = Gradients.Loss(model.With(weights), input, target);
            var gradients = autograd.grad([loss], weights, retain_graph: true, create_graph: true);
            weights = [.. weights.Zip(gradients, (weight, gradient) => weight - Rate * gradient)];
        }

        return Gradients.Loss(model.With(weights), input, target);
    }
}

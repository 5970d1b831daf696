using TorchSharp;
using static TorchSharp.torch;

namespace Px.Pruning.Models.Tests.Support;

/// <summary>What a step against the gradient does to the loss of a float64 model, where no machine's rounding decides.</summary>
internal static class TrainingSteps
{
    /// <summary>
    /// Asserts that the loss depends on every parameter except those named, on which it cannot, and that a small step against the gradient g
    /// lowers it by <c>η‖g‖²</c>, its directional derivative.
    /// </summary>
    /// <remarks>
    /// η is such that this is 1e-8 of a loss near 1: far above float64's rounding, and so small that neither curvature nor the kinks of ReLUs and
    /// maxima count.
    /// </remarks>
    /// <param name="model">In float64; the step stays.</param>
    /// <param name="loss">A scalar, fresh at each call.</param>
    /// <param name="ignored">Parameters that normalisation makes the loss blind to.</param>
    public static void ShouldDescend(this nn.Module model, Func<Tensor> loss, Func<string, bool>? ignored = null)
    {
        const double Decrease = 1e-8;
        using var scope = NewDisposeScope();
        model.parameters().Should().OnlyContain(parameter => parameter.dtype == ScalarType.Float64);
        model.zero_grad();
        var before = loss();
        before.backward();
        var gradients = model.named_parameters().Select(pair => (pair.name, pair.parameter, gradient: pair.parameter.grad!)).ToList();
        var square = gradients.Sum(entry => entry.gradient.square().sum().ToDouble());
        foreach (var (name, _, gradient) in gradients)
        {
            var share = gradient.norm().ToDouble() / Math.Sqrt(square);
            if (ignored?.Invoke(name) == true)
                share.Should().BeLessThan(1e-10, name);
            else
                share.Should().BeGreaterThan(1e-7, name);
        }

        using var untracked = no_grad();
        foreach (var (_, parameter, gradient) in gradients)
            parameter.sub_(gradient * (Decrease / square));
        var slope = (before - loss()).ToDouble() / Decrease;
        slope.Should().BeApproximately(1, 1e-3);
    }
}

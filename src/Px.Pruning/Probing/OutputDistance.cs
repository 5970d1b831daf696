using static TorchSharp.torch;

namespace Px.Pruning.Probing;

/// <summary><c>J = Σₙ ‖f(zₙ; a) − f(zₙ; b)‖²</c>, differentiated by both weights.</summary>
internal static class OutputDistance
{
    /// <summary>∂J/∂a and ∂J/∂b, one tensor for each prunable slot. Fresh.</summary>
    internal static (IReadOnlyList<Tensor> A, IReadOnlyList<Tensor> B) Differentiate(
        WeightFunction function, IReadOnlyList<Tensor> a, IReadOnlyList<Tensor> b, IEnumerable<Tensor> inputs, CancellationToken token) =>
        function is SubstitutedWeights substituted ? SideBySide(substituted, a, b, inputs, token) : InTurn(function, a, b, inputs, token);

    private static (IReadOnlyList<Tensor>, IReadOnlyList<Tensor>) SideBySide(
        SubstitutedWeights function, IReadOnlyList<Tensor> a, IReadOnlyList<Tensor> b, IEnumerable<Tensor> inputs, CancellationToken token)
    {
        using var twin = function.Twin();
        function.Set(a);
        twin.Set(b);
        foreach (var z in inputs)
        {
            token.ThrowIfCancellationRequested();
            using var temporaries = NewDisposeScope();
            using var grad = enable_grad();
            Backward((function.Run(z) - twin.Run(z)).square().sum(), [.. function.Weights, .. twin.Weights]);
        }

        return (function.TakeGradients(), twin.TakeGradients());
    }

    /// <summary>One set of weights at a time, for parameters that can hold no two: one more forward pass.</summary>
    private static (IReadOnlyList<Tensor>, IReadOnlyList<Tensor>) InTurn(
        WeightFunction function, IReadOnlyList<Tensor> a, IReadOnlyList<Tensor> b, IEnumerable<Tensor> inputs, CancellationToken token)
    {
        List<Tensor>? dA = null, dB = null;
        foreach (var z in inputs)
        {
            token.ThrowIfCancellationRequested();
            using var temporaries = NewDisposeScope();
            function.Set(b);
            var atB = Constant(function, z);
            var (gradientA, atA) = Toward(function, a, z, atB);
            var (gradientB, _) = Toward(function, b, z, atA);
            (dA, dB) = (Add(dA, gradientA), Add(dB, gradientB));
        }

        return (dA!, dB!);
    }

    private static (IReadOnlyList<Tensor> Gradient, Tensor Output) Toward(WeightFunction function, IReadOnlyList<Tensor> weights, Tensor z, Tensor other)
    {
        function.Set(weights);
        using var grad = enable_grad();
        var output = function.Run(z);
        Backward((output - other).square().sum(), [.. function.Weights]);
        return (function.TakeGradients(), output.detach());
    }

    private static Tensor Constant(WeightFunction function, Tensor z)
    {
        using var noGrad = no_grad();
        return function.Run(z);
    }

    private static void Backward(Tensor J, List<Tensor> weights)
    {
        // No weight reaches the output: every gradient is zero.
        if (J.requires_grad) autograd.backward([J], inputs: weights);
    }

    /// <summary>Adds to the sum; the first part becomes it and leaves the scope.</summary>
    private static List<Tensor> Add(List<Tensor>? sum, IReadOnlyList<Tensor> part)
    {
        if (sum is null) return [.. part.Select(tensor => tensor.MoveToOuterDisposeScope())];
        foreach (var (total, tensor) in sum.Zip(part)) total.add_(tensor);
        return sum;
    }
}

using Px.Pruning.Engine;
using Px.Pruning.Engine.Weights;
using static TorchSharp.torch;

namespace Px.Pruning.Methods.NtkSap;

// J = Σₙ ‖f(zₙ; a) − f(zₙ; b)‖², differentiated by both weights.
internal static class OutputDistance
{
    // ∂J/∂a and ∂J/∂b.
    internal static (SlotTensors A, SlotTensors B) Differentiate(
        WeightFunction function, SlotTensors a, SlotTensors b, IEnumerable<Inputs> inputs, CancellationToken token) =>
        function is SubstitutedWeights substituted ? SideBySide(substituted, a, b, inputs, token) : InTurn(function, a, b, inputs, token);

    private static (SlotTensors, SlotTensors) SideBySide(
        SubstitutedWeights function, SlotTensors a, SlotTensors b, IEnumerable<Inputs> inputs, CancellationToken token)
    {
        using var other = function.Fork();
        function.Set(a);
        other.Set(b);
        foreach (var z in inputs)
        {
            token.ThrowIfCancellationRequested();
            using var temporaries = NewDisposeScope();
            using var grad = enable_grad();
            Backward((function.Run(z) - other.Run(z)).square().sum(), [.. function.Weights.Values, .. other.Weights.Values]);
        }

        return (function.TakeGradients(), other.TakeGradients());
    }

    // For functions that hold one set of weights at a time, in the caller's own parameters. Costs one more forward pass.
    private static (SlotTensors, SlotTensors) InTurn(
        WeightFunction function, SlotTensors a, SlotTensors b, IEnumerable<Inputs> inputs, CancellationToken token)
    {
        SlotTensors? dA = null, dB = null;
        foreach (var z in inputs)
        {
            token.ThrowIfCancellationRequested();
            using var temporaries = NewDisposeScope();
            function.Set(b);
            Tensor atB;
            using (no_grad()) atB = function.Run(z);
            var (gradientA, atA) = Toward(function, a, z, atB);
            var (gradientB, _) = Toward(function, b, z, atA);
            (dA, dB) = (Add(dA, gradientA), Add(dB, gradientB));
        }

        return (dA!, dB!);
    }

    private static (SlotTensors Gradient, Tensor Output) Toward(WeightFunction function, SlotTensors weights, Inputs z, Tensor other)
    {
        function.Set(weights);
        using var grad = enable_grad();
        var output = function.Run(z);
        Backward((output - other).square().sum(), [.. function.Weights.Values]);
        return (function.TakeGradients(), output.detach());
    }

    private static void Backward(Tensor J, List<Tensor> weights)
    {
        // If no path leads to the output, J depends on no weight.
        if (J.requires_grad) autograd.backward([J], inputs: weights);
    }

    // The first part becomes the sum and leaves the scope.
    private static SlotTensors Add(SlotTensors? sum, SlotTensors part)
    {
        if (sum is null) return part.Map((_, tensor) => tensor.MoveToOuterDisposeScope());
        foreach (var (slot, total) in sum) total.add_(part[slot]);
        return sum;
    }
}

using static TorchSharp.torch;

namespace Px.Pruning.Engine.Weights;

// J = Σₙ ‖fₙ(a) − fₙ(b)‖², differentiated by both weights. fₙ: what is computed from the network for one input or a part of a batch.
internal static class OutputDistance
{
    // ∂J/∂a and ∂J/∂b.
    internal static (SlotTensors A, SlotTensors B) Differentiate(
        WeightFunction function, SlotTensors a, SlotTensors b, IEnumerable<Func<WeightFunction, Tensor>> outputs,
        CancellationToken token) =>
        function is SubstitutedWeights substituted
            ? SideBySide(substituted, a, b, outputs, token)
            : InTurn(function, a, b, outputs, token);

    private static (SlotTensors, SlotTensors) SideBySide(
        SubstitutedWeights function, SlotTensors a, SlotTensors b, IEnumerable<Func<WeightFunction, Tensor>> outputs,
        CancellationToken token)
    {
        using var other = function.Fork();
        function.Set(a);
        other.Set(b);
        foreach (var f in outputs)
        {
            token.ThrowIfCancellationRequested();
            using var temporaries = NewDisposeScope();
            using var grad = enable_grad();
            Backward((f(function) - f(other)).square().sum(), [.. function.Weights.Values, .. other.Weights.Values]);
        }

        return (function.TakeGradients(), other.TakeGradients());
    }

    // For functions that hold one set of weights at a time, in the caller's own parameters. Costs one more forward pass.
    private static (SlotTensors, SlotTensors) InTurn(
        WeightFunction function, SlotTensors a, SlotTensors b, IEnumerable<Func<WeightFunction, Tensor>> outputs, CancellationToken token)
    {
        SlotTensors? dA = null, dB = null;
        foreach (var f in outputs)
        {
            token.ThrowIfCancellationRequested();
            using var temporaries = NewDisposeScope();
            function.Set(b);
            Tensor atB;
            using (no_grad()) atB = f(function);
            var (gradientA, atA) = Toward(function, a, f, atB);
            var (gradientB, _) = Toward(function, b, f, atA);
            (dA, dB) = (Add(dA, gradientA), Add(dB, gradientB));
        }

        return (dA!, dB!);
    }

    private static (SlotTensors Gradient, Tensor Output) Toward(
        WeightFunction function, SlotTensors weights, Func<WeightFunction, Tensor> f, Tensor other)
    {
        function.Set(weights);
        using var grad = enable_grad();
        var output = f(function);
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

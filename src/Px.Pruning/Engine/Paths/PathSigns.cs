using TorchSharp;
using static TorchSharp.torch;

namespace Px.Pruning.Engine.Paths;

// Checks that the code between the layers has no negative coefficients: where all that enters it is larger, nothing that leaves it may be
// smaller. This finds the signs that a ReLU called as a function hides: a constant kernel (Sobel, bicubic), a signed matrix, a difference.
internal static class PathSigns
{
    private const double Tolerance = 1e-4; // of the largest number: how far float32 kernels round

    internal static void Check(Network network)
    {
        if (network.SignsAreChecked) return;
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var small = new Queue<(HookedModule Layer, Tensor Input)>();
        string? before = null;
        Run(network, larger: false, (hooked, input) => small.Enqueue((hooked, input.clone().MoveToOtherDisposeScope(scope))));
        Run(network, larger: true, (hooked, input) =>
        {
            using var temporaries = NewDisposeScope();
            if (!small.TryDequeue(out var arrived) || arrived.Layer != hooked || !arrived.Input.shape.SequenceEqual(input.shape))
            {
                throw PathLinearity.Refusal(hooked, before, "takes another course for other numbers, so that paths cannot be followed.");
            }

            using var low = arrived.Input;
            if (low.numel() > 0 && (input - low).min().ToDouble() < -Tolerance * low.abs().max().ToDouble())
            {
                throw PathLinearity.Refusal(hooked, before, "falls where its input rises: it has negative coefficients, which a ReLU "
                    + "called as a function hides, and such paths have no place in the path kernel. " + PathLinearity.Remedy);
            }

            before = hooked.Name;
        });
        network.SignsAreChecked = true;
    }

    // Shows what enters each layer, and at the end the model's output, for one sample of positive numbers.
    private static void Run(Network network, bool larger, Action<HookedModule, Tensor> arrives)
    {
        using var scope = NewDisposeScope();
        var sample = network.Sample!;
        var numbers = FixedEvaluation.Numbers([1, sample.Numbers], network.ComputeType, network.Device, larger ? 1 : 0);
        arrives(network.Output, network.Run(new FixedEvaluation(larger, arrives), sample.Deal(numbers)));
    }
}

// Every layer returns fixed positive numbers, whatever it receives. arrives: shown what enters each layer that may lie on a path.
internal class FixedEvaluation(bool larger, Action<HookedModule, Tensor> arrives) : PathEvaluation
{
    private int calls;

    internal override Tensor Compute(HookedModule hooked, Tensor input)
    {
        if (hooked.Weighted is not { } layer) return base.Compute(hooked, input);
        if (!hooked.FeedsOnlyGates) arrives(hooked, input);
        return Numbers(layer.OutputShape(input), input.dtype, input.device, larger ? 1 : 0, ++calls);
    }

    // Fractions of the multiples of two irrational numbers: without order and other ones for each call, so that differences and sums with
    // signs meet some. More: how much of the second is added.
    internal static Tensor Numbers(long[] shape, ScalarType dtype, Device device, double more, int call = 0)
    {
        using var scope = NewDisposeScope();
        var index = arange(shape.Aggregate(1L, (product, size) => product * size), ScalarType.Float64, device);
        index.add_(call * 1000);
        var numbers = (index * 0.6180339887498949).frac_().add_(0.5);
        if (more > 0) numbers.add_((index * 0.4142135623730951).frac_().mul_(more));
        return numbers.to(dtype).reshape(shape).MoveToOuterDisposeScope();
    }
}

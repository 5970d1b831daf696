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
        var small = new Queue<(HookedModule Layer, long[] Shape, Tensor? Input)>(); // null for a layer's output as it was
        string? before = null;
        Run(network, larger: false, (hooked, input) =>
        {
            using var temporaries = NewDisposeScope();
            bool isOutput = input.eq(Numbers(larger: false, input.shape, input.dtype, input.device)).all().ToBoolean();
            small.Enqueue((hooked, input.shape, isOutput ? null : input.clone().MoveToOtherDisposeScope(scope)));
        });
        Run(network, larger: true, (hooked, input) =>
        {
            using var temporaries = NewDisposeScope();
            if (!small.TryDequeue(out var arrived) || arrived.Layer != hooked || !arrived.Shape.SequenceEqual(input.shape))
            {
                throw PathLinearity.Refusal(hooked, before, "takes another course for other numbers, so that paths cannot be followed.");
            }

            using var low = arrived.Input ?? Numbers(larger: false, input.shape, input.dtype, input.device);
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
        var evaluation = new RisingEvaluation(larger, arrives);
        var input = Numbers(larger, [1, .. network.SampleShape!], network.ComputeType, network.Device);
        arrives(network.Modules[0], network.Run(evaluation, input));
    }

    // Every layer returns fixed positive numbers, whatever it receives.
    private sealed class RisingEvaluation(bool larger, Action<HookedModule, Tensor> arrives) : PathEvaluation
    {
        internal override Tensor Compute(HookedModule hooked, Tensor input)
        {
            if (hooked.Weighted is not { } layer) return base.Compute(hooked, input);
            arrives(hooked, input);
            return Numbers(larger, layer.OutputShape(input), input.dtype, input.device);
        }
    }

    // Fractions of the multiples of two irrational numbers: without order, so that differences and sums with signs meet some.
    private static Tensor Numbers(bool larger, long[] shape, ScalarType dtype, Device device)
    {
        using var scope = NewDisposeScope();
        var index = arange(shape.Aggregate(1L, (product, size) => product * size), ScalarType.Float64, device);
        var numbers = (index * 0.6180339887498949).frac_().add_(0.5);
        if (larger) numbers.add_((index * 0.4142135623730951).frac_());
        return numbers.to(dtype).reshape(shape).MoveToOuterDisposeScope();
    }
}

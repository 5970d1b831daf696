using TorchSharp;
using static TorchSharp.torch;

namespace Px.Pruning.Engine.Paths;

// Checks that a path network really is one: doubling the input must double what leaves every module, exactly, and nothing may be negative.
// It finds what no module type shows: a sigmoid or GELU called as a function, an added constant, a subtraction.
internal static class PathLinearity
{
    private const double Tolerance = 1e-9;

    // Below, numbers lose digits and doubling is no longer exact.
    private const double Smallest = 1e-290, SmallestSingle = 1e-35;

    // Checks the code between the layers, whatever their weights are. In the network's own type: values keep their size, and doubling is
    // exact in any binary one.
    internal static void Check(Network network) =>
        Check(network, observer => new MeanEvaluation { Observer = observer }, network.ComputeType);

    // weight: Non-negative weights of a slot in a dtype. Fresh.
    // UnsupportedModelException: The network is not a network of paths; the message names the module.
    internal static void Check(Network network, Func<WeightSlot, ScalarType, Tensor> weight) =>
        Check(network, observer => new PathEvaluation { Weight = weight, OwnsWeights = true, Observer = observer }, ScalarType.Float64);

    private static void Check(Network network, Func<Action<HookedModule, int, Tensor>, PathEvaluation> evaluation, ScalarType dtype)
    {
        double input = 1;
        var once = Sums(network, evaluation, dtype, input);
        bool isDouble = dtype == ScalarType.Float64;
        double smallest = isDouble ? Smallest : SmallestSingle;
        // Deep networks exceed even float64; scaling the input scales every path alike.
        if (!once.TrueForAll(output => double.IsFinite(output.Sum)))
            once = Sums(network, evaluation, dtype, input = Math.ScaleB(1, isDouble ? -900 : -100));
        var twice = Sums(network, evaluation, dtype, 2 * input);
        foreach (var ((hooked, sum, _), (_, doubled, minimum)) in once.Zip(twice))
        {
            string name = hooked.Name.Length == 0 ? "the model itself" : $"'{hooked.Name}'";
            if (minimum < 0)
            {
                throw new UnsupportedModelException(
                    $"Path sums come out of {name} negative: its forward subtracts or negates, and paths with negative coefficients have "
                    + "no place "
                    + "in the path kernel. Put the sign into a layer's weights.")
                { Module = hooked.Name };
            }

            if (double.IsFinite(doubled) && doubled > smallest && Math.Abs(doubled - 2 * sum) > Tolerance * Math.Abs(2 * sum))
            {
                throw new UnsupportedModelException(
                    $"The forward of {name} is not linear in non-negative inputs once activations are on and biases off (twice the input "
                    + "gave "
                    + $"{doubled / sum:G6} times the output), so that its paths have no product form. A smooth activation must be a module "
                    + "(torch.nn.GELU, SiLU, …) instead of a function call; gating by products, softmax and added constants are not "
                    + "supported.")
                { Module = hooked.Name };
            }
        }
    }

    private static List<(HookedModule Layer, double Sum, double Minimum)> Sums(
        Network network, Func<Action<HookedModule, int, Tensor>, PathEvaluation> evaluation, ScalarType dtype, double value)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var sums = new List<(HookedModule, double, double)>();
        void Observe(HookedModule hooked, int step, Tensor output) =>
            sums.Add((hooked, output.sum().ToDouble(), output.numel() == 0 ? 0 : output.min().ToDouble()));
        network.Run(evaluation(Observe), full([1, .. network.SampleShape!], value, dtype, network.Device));
        return sums;
    }
}

// A network of paths without weights: every layer hands on multiples of the mean of all that it receives, from a half to three halves.
// Values keep their size, however deep the network is, nothing is convolved, and code that goes by differences meets some.
internal sealed class MeanEvaluation : PathEvaluation
{
    internal override Tensor Compute(HookedModule hooked, Tensor input)
    {
        if (hooked.Weighted is not { } layer) return base.Compute(hooked, input);
        using var scope = NewDisposeScope();
        double least = input.numel() == 0 ? 0 : input.min().ToDouble();
        // A negative number, which no path makes, must not vanish among others.
        double mean = least < 0 || input.numel() == 0 ? least : input.mean().ToDouble();
        long[] shape = layer.OutputShape(input);
        long count = shape.Aggregate(1L, (product, size) => product * size);
        var multiples = arange(count, input.dtype, input.device).div_(Math.Max(1, count)).add_(0.5);
        return multiples.mul_(mean).reshape(shape).MoveToOuterDisposeScope();
    }
}

using Px.Pruning.Engine.Norms;
using TorchSharp;
using static TorchSharp.torch;

namespace Px.Pruning.Engine.Paths;

// Keeps path sums inside a floating-point range. They grow with every layer (3e41 on ResNet-20, 1e133 on DeepLabV3+), but a path network is
// linear in its input: dividing the input by a power of two divides every path sum by it, so that the ranking does not change.
internal readonly record struct PathRange(ScalarType Type, int Exponent)
{
    // float32 holds 2^127; sums over a batch need some of it.
    private const double SingleTop = 110;

    // Beyond this growth, small inputs would fall below float32's normal range.
    private const double SingleSpan = 190;

    private const double DoubleTop = 1000;

    // Keeps the ones-input run itself inside float64, even for a network whose growth float64 could not hold.
    private const int ProbeExponent = 900;

    // The range for a network whose largest value is 2^bound.
    internal static PathRange Choose(double bound, ScalarType computeType)
    {
        if (double.IsNegativeInfinity(bound)) bound = 0;
        if (!double.IsFinite(bound))
        {
            throw new NonFiniteScoreException(
                "The sum over this network's paths exceeds 2^1900, which no common power of two brings into float64's range, or a weight "
                + $"or norm statistic is not finite. {NonFiniteScoreException.Remedy}");
        }

        if (computeType == ScalarType.Float32 && bound <= SingleSpan) return new(ScalarType.Float32, Excess(bound, SingleTop));
        return new(ScalarType.Float64, Excess(bound, DoubleTop));
    }

    // log₂ of the largest value at any module boundary for a ones-input of one sample, an upper bound for any gated run of the same weights
    // on inputs of at most 1. Negative infinity where no path arrives. rawPower: that of the evaluation.
    internal static double Growth(
        Network network, Func<WeightSlot, ScalarType, Tensor> weight, bool ownsWeights, Func<NormLayer, long, Tensor>? scale,
        int rawPower)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        double largest = 0;
        var evaluation = new PathEvaluation
        {
            Weight = weight,
            OwnsWeights = ownsWeights,
            Scale = scale,
            RawPower = rawPower,
            Observer = (hooked, _, output) =>
                largest = hooked.IsContainer || hooked.IsGate || hooked.FeedsOnlyGates ? largest : Math.Max(largest, Maximum(output)),
        };
        var input = network.Sample!.Full(Math.ScaleB(1, -ProbeExponent), ScalarType.Float64, network.Device);
        network.Run(evaluation, input);
        return Math.Log2(largest) + ProbeExponent;
    }

    // x² in this range: x² · 2^-Exponent. Fresh.
    internal Inputs SquaredInput(Inputs input) => input.MapNumbers(Squared);

    private Tensor Squared(Tensor input)
    {
        using var scope = NewDisposeScope();
        var squared = input.to(ScalarType.Float64).square() * Math.ScaleB(1, -Exponent);
        return squared.to(Type).MoveToOuterDisposeScope();
    }

    private static int Excess(double bound, double top) => bound > top ? (int)Math.Ceiling(bound - top) : 0;

    private static double Maximum(Tensor tensor)
    {
        if (tensor.numel() == 0) return 0;
        using var maximum = tensor.max();
        return maximum.ToDouble();
    }
}

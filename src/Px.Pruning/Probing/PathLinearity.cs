using TorchSharp;
using static TorchSharp.torch;

namespace Px.Pruning.Probing;

/// <summary>
/// Checks that a path network really is one: doubling the input must double what leaves every module, exactly, and nothing may be
/// negative. It finds what no module type shows: a sigmoid or GELU called as a function, an added constant, a subtraction.
/// </summary>
internal static class PathLinearity
{
    private const double Tolerance = 1e-9;

    // Below, numbers lose digits and doubling is no longer exact.
    private const double Smallest = 1e-290, SmallestSingle = 1e-35;

    /// <summary>
    /// Checks the code between the layers, whatever their weights are. In the network's own type: values keep their size, and doubling is exact
    /// in any binary one.
    /// </summary>
    /// <inheritdoc cref="Check(Network, Func{int, ScalarType, Tensor}, long[])"/>
    internal static void Check(Network network, long[] sampleShape) =>
        Check(network, observer => new MeanEvaluation { Observer = observer }, sampleShape, network.ComputeType);

    /// <param name="network">Whose code.</param>
    /// <param name="weight">Non-negative weights of a slot in a dtype. Fresh.</param>
    /// <param name="sampleShape">The shape of an input without the batch dimension.</param>
    /// <exception cref="UnsupportedModelException">The network is not a network of paths; the message names the module.</exception>
    internal static void Check(Network network, Func<int, ScalarType, Tensor> weight, long[] sampleShape) =>
        Check(network, observer => new PathEvaluation { Weight = weight, OwnsWeights = true, Observer = observer }, sampleShape, ScalarType.Float64);

    private static void Check(Network network, Func<Action<Site, int, Tensor>, PathEvaluation> evaluation, long[] sampleShape, ScalarType dtype)
    {
        double input = 1;
        var once = Sums(network, evaluation, sampleShape, dtype, input);
        bool isDouble = dtype == ScalarType.Float64;
        double smallest = isDouble ? Smallest : SmallestSingle;
        // Deep networks exceed even float64; scaling the input scales every path alike.
        if (!once.TrueForAll(output => double.IsFinite(output.Sum)))
            once = Sums(network, evaluation, sampleShape, dtype, input = Math.ScaleB(1, isDouble ? -900 : -100));
        var twice = Sums(network, evaluation, sampleShape, dtype, 2 * input);
        foreach (var ((site, sum, _), (_, doubled, minimum)) in once.Zip(twice))
        {
            string name = site.Name.Length == 0 ? "the model itself" : $"'{site.Name}'";
            if (minimum < 0)
            {
                throw new UnsupportedModelException(
                    $"Path sums come out of {name} negative: its forward subtracts or negates, and paths with negative coefficients have no place "
                    + "in the path kernel. Put the sign into a layer's weights.")
                { Module = site.Name };
            }

            if (double.IsFinite(doubled) && doubled > smallest && Math.Abs(doubled - 2 * sum) > Tolerance * Math.Abs(2 * sum))
            {
                throw new UnsupportedModelException(
                    $"The forward of {name} is not linear in non-negative inputs once activations are on and biases off (twice the input gave "
                    + $"{doubled / sum:G6} times the output), so that its paths have no product form. A smooth activation must be a module "
                    + "(torch.nn.GELU, SiLU, …) instead of a function call; gating by products, softmax and added constants are not supported.")
                { Module = site.Name };
            }
        }
    }

    private static List<(Site Site, double Sum, double Minimum)> Sums(
        Network network, Func<Action<Site, int, Tensor>, PathEvaluation> evaluation, long[] sampleShape, ScalarType dtype, double value)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var sums = new List<(Site, double, double)>();
        void Observe(Site site, int moment, Tensor output) => sums.Add((site, output.sum().ToDouble(), output.numel() == 0 ? 0 : output.min().ToDouble()));
        network.Run(evaluation(Observe), full([1, .. sampleShape], value, dtype, network.Device));
        return sums;
    }
}

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

    /// <exception cref="UnsupportedModelException">The network is not a network of paths; the message names the module.</exception>
    internal static void Check(Network network, MaskedWeights weights, long[] sampleShape)
    {
        var once = Sums(network, weights, sampleShape, 1);
        var twice = Sums(network, weights, sampleShape, 2);
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

            if (double.IsFinite(sum) && Math.Abs(doubled - 2 * sum) > Tolerance * Math.Abs(2 * sum))
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
        Network network, MaskedWeights weights, long[] sampleShape, double value)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var sums = new List<(Site, double, double)>();
        var evaluation = new PathEvaluation
        {
            Weight = weights.SquaredTheta,
            OwnsWeights = true,
            Observer = (site, _, output) => sums.Add((site, output.sum().ToDouble(), output.min().ToDouble())),
        };
        network.Run(evaluation, full([1, .. sampleShape], value, ScalarType.Float64, network.Device));
        return sums;
    }
}

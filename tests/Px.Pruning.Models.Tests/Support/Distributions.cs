using static TorchSharp.torch;

namespace Px.Pruning.Models.Tests.Support;

/// <summary>Whether weights look drawn from a distribution: bounds of four to six standard errors of what is compared.</summary>
internal static class Distributions
{
    /// <summary>The standard error of a deviation is σ/√(2n), of a mean σ/√n, of the kurtosis (3) √(24/n).</summary>
    public static void ShouldBeNormal(this Tensor tensor, double deviation, string name)
    {
        var (mean, meanSquare, kurtosis, n) = Moments(tensor, deviation);
        mean.Should().BeApproximately(0, 4 * deviation / Math.Sqrt(n), name);
        Math.Sqrt(meanSquare).Should().BeApproximately(deviation, 4 * deviation / Math.Sqrt(2 * n), name);
        kurtosis.Should().BeApproximately(3, 6 * Math.Sqrt(24 / n), name);
    }

    /// <summary>In ±bound, with σ² = bound²/3, whose standard error is bound²·√(4/45n), and fourth moment bound⁴/5.</summary>
    public static void ShouldBeUniform(this Tensor tensor, double bound, string name)
    {
        var (mean, meanSquare, _, n) = Moments(tensor, bound);
        tensor.Floats().Should().OnlyContain(value => Math.Abs(value) <= bound, name);
        mean.Should().BeApproximately(0, 4 * bound / Math.Sqrt(3 * n), name);
        meanSquare.Should().BeApproximately(bound * bound / 3, 4 * bound * bound * Math.Sqrt(4 / (45 * n)), name);
    }

    private static (double Mean, double MeanSquare, double Fourth, double Count) Moments(Tensor tensor, double unit)
    {
        var values = tensor.Floats();
        return (values.Average(value => (double)value), values.Average(value => (double)value * value), values.Average(value => Math.Pow(value / unit, 4)), values.Length);
    }
}

namespace Px.Pruning.Tests.Reference.Paths;

/// <summary>
/// One input-to-unit path: where it begins, its weights, the product of what f multiplies it by for one sample, and constants of the code
/// (the 1/n of a mean), which count once in every method.
/// </summary>
internal sealed record GatedPath(int Source, int[] Weights, double Factor, double Constant);

/// <summary>A unit of f for one sample: its value, and every path to it. Shares nothing with the library: neither tensors nor derivatives.</summary>
internal sealed record PathUnit(double Value, IReadOnlyList<GatedPath> Paths)
{
    public static PathUnit operator +(PathUnit a, PathUnit b) => new(a.Value + b.Value, [.. a.Paths, .. b.Paths]);

    /// <summary>The unit times a factor that lies on no path, such as another unit's sigmoid.</summary>
    internal PathUnit Times(double factor) => Scaled(Value * factor, factor);

    internal PathUnit Relu() => Scaled(Math.Max(Value, 0), Value > 0 ? 1 : 0);

    /// <summary>tanh as an activation: its derivative is the factor.</summary>
    internal PathUnit Tanh() => Scaled(Math.Tanh(Value), 1 - Math.Tanh(Value) * Math.Tanh(Value));

    /// <summary>The unit's share in a mean of so many.</summary>
    internal PathUnit Mean(int count) => new(Value / count, [.. Paths.Select(p => p with { Constant = p.Constant / count })]);

    private PathUnit Scaled(double value, double factor) => new(value, [.. Paths.Select(p => p with { Factor = p.Factor * factor })]);
}

/// <summary>Σ over the listed paths of a network with gates, by the definitions of the methods.</summary>
internal sealed class GatedPaths
{
    private readonly double[] theta;
    private readonly double[][] samples;
    private readonly PathUnit[][] outputs; // [sample][k]

    /// <param name="theta">All weights of the network in one list.</param>
    /// <param name="samples">Inputs.</param>
    /// <param name="network">The network's outputs from its input units.</param>
    internal GatedPaths(double[] theta, double[][] samples, Func<PathUnit[], PathUnit[]> network)
    {
        (this.theta, this.samples) = (theta, samples);
        outputs = [.. samples.Select(x => network([.. x.Select((value, s) => new PathUnit(value, [new(s, [], 1, 1)]))]))];
    }

    internal double[][] Values => [.. outputs.Select(sample => sample.Select(unit => unit.Value).ToArray())];

    internal int Count => outputs[0].Sum(unit => unit.Paths.Count);

    /// <summary><c>Σₖ (Σₙ Σₚ aₚ(xₙ)² xₙₛ²) Σ_{p∋j} ∏θ²</c>.</summary>
    internal double[] Decoupled() => Scores(outputs[0].Select((unit, k) =>
    {
        double G = samples.Select((x, n) => outputs[n][k].Paths.Sum(p => p.Constant * Square(p.Factor * x[p.Source]))).Sum();
        return unit.Paths.Select(p => (p, G * Product(p, 2)));
    }));

    /// <summary><c>Σₙ Σ_{p∋j} aₚ(xₙ)² xₙₛ² ∏θ²</c>.</summary>
    internal double[] Joint() => Scores(samples.SelectMany((x, n) => outputs[n].Select(unit =>
        unit.Paths.Select(p => (p, Square(p.Factor * x[p.Source]) * Product(p, 2))))));

    /// <summary><c>Σ_{p∋j} ∏|θ|ᵖ</c>: SynFlow, and SynFlow-L2 for a power of 2.</summary>
    internal double[] Flow(int power) => Scores(outputs[0].Select(unit => unit.Paths.Select(p => (p, Product(p, power)))));

    private double[] Scores(IEnumerable<IEnumerable<(GatedPath Path, double Value)>> paths)
    {
        double[] scores = new double[theta.Length];
        foreach (var (path, value) in paths.SelectMany(p => p))
            foreach (int weight in path.Weights) scores[weight] += value;
        return scores;
    }

    private double Product(GatedPath path, int power) => path.Weights.Aggregate(path.Constant, (value, j) => value * Math.Pow(Math.Abs(theta[j]), power));

    private static double Square(double x) => x * x;
}

using Px.Pruning.Analysis;

namespace Px.Pruning.Tests.Reference.Paths;

/// <summary>
/// Every input-to-output path of a tiny network, one by one, and the paper's quantities from their definitions, in double.
/// Shares nothing with the library: no tensor, no derivative by backpropagation.
/// </summary>
/// <remarks>
/// A path p runs from input s(p) to output k(p) through unpruned weights; its value is <c>vₚ = ∏ θⱼ · ∏ s</c> over its weights and the
/// norm scales of its units, and it is active for x, <c>aₚ(x) = 1</c>, where every ReLU on it is.
/// </remarks>
internal sealed class PathEnumeration
{
    private readonly UnitGraph graph;
    private readonly double[] theta;
    private readonly bool[] mask;
    private readonly List<NetworkPath> paths = [];
    private readonly int[] outputs;

    /// <param name="graph">The network.</param>
    /// <param name="mask">Which weights are there; all by default.</param>
    /// <param name="theta">Weights to use instead of the network's.</param>
    public PathEnumeration(UnitGraph graph, bool[]? mask = null, IReadOnlyList<double>? theta = null)
    {
        this.graph = graph;
        this.mask = mask ?? Enumerable.Repeat(true, graph.Weights.Count).ToArray();
        this.theta = (theta ?? graph.Weights).Select((value, j) => this.mask[j] ? value : 0).ToArray();
        outputs = graph.Outputs.ToArray();
        for (var k = 0; k < outputs.Length; k++) Walk(outputs[k], k, [], []);
    }

    public IReadOnlyList<NetworkPath> Paths => paths;

    /// <summary>The masked weights θ ⊙ m.</summary>
    public IReadOnlyList<double> Theta => theta;

    /// <summary>f(x): the network itself, shifts and all.</summary>
    public double[] Evaluate(double[] x)
    {
        var values = Values(x);
        return outputs.Select(unit => values[unit]).ToArray();
    }

    /// <summary><c>Σₚ aₚ(x) xₛ vₚ</c>: f(x) where the network has no shifts.</summary>
    public double[] PathSum(double[] x) => PerOutput(Active(x).Select(p => (p, x[p.Source] * Value(p))));

    /// <summary><c>hᵏ(1, θ², 1) = Σₚ vₚ²</c>.</summary>
    public double[] PathKernel() => PerOutput(paths.Select(p => (p, Value(p) * Value(p))));

    /// <summary><c>gᵏ(x², 1, a) = Σₚ aₚ(x) xₛ²</c>.</summary>
    public double[] PathActivity(double[] x) => PerOutput(Active(x).Select(p => (p, x[p.Source] * x[p.Source])));

    /// <summary><c>Gᵏ = Σₙ gᵏ(xₙ²)</c>, which is <c>‖J_v^{fₖ}‖²</c>, as ∂fₖ(xₙ)/∂vₚ is aₚ(xₙ) xₙₛ.</summary>
    public double[] Activity(double[][] samples) =>
        samples.Select(PathActivity).Aggregate((a, b) => a.Zip(b, (u, v) => u + v).ToArray());

    /// <summary><c>R = Σₙ Σₖ gᵏ hᵏ</c>.</summary>
    public double Objective(double[][] samples) => Activity(samples).Zip(PathKernel(), (g, h) => g * h).Sum();

    /// <summary>Eq. 9, <c>θⱼ² ∂R/∂θⱼ² = Σ_{p∋j} G^{k(p)} vₚ²</c>.</summary>
    public double[] Scores(double[][] samples)
    {
        var activity = Activity(samples);
        return PerWeight(p => activity[p.Output] * Value(p) * Value(p));
    }

    /// <summary><c>∂R/∂θⱼ²</c>, for a weighting other than θ².</summary>
    public double[] Gradient(double[][] samples)
    {
        var activity = Activity(samples);
        return PerWeight((p, at) => activity[p.Output] * Square(Derivative(p, at)));
    }

    /// <summary>Joint: <c>R = Σₙ Σₖ Σₚ aₚ(xₙ) xₙₛ² vₚ²</c>.</summary>
    public double JointObjective(double[][] samples) => samples.Sum(x => Active(x).Sum(p => Square(x[p.Source] * Value(p))));

    /// <summary>Joint: <c>θⱼ² ∂R/∂θⱼ² = Σ_{p∋j} vₚ² Σₙ aₚ(xₙ) xₙₛ²</c>.</summary>
    public double[] JointScores(double[][] samples)
    {
        var activity = new Dictionary<NetworkPath, double>(ReferenceEqualityComparer.Instance);
        foreach (var x in samples)
            foreach (var p in Active(x)) activity[p] = activity.GetValueOrDefault(p) + Square(x[p.Source]);
        return PerWeight(p => activity.GetValueOrDefault(p) * Square(Value(p)));
    }

    /// <summary><c>Tr Θ = Σₙ Σₖ Σⱼ (∂fₖ(xₙ)/∂θⱼ)²</c> with <c>∂fₖ/∂θⱼ = Σ_{p∋j} aₚ xₛ ∂vₚ/∂θⱼ</c>.</summary>
    public double NtkTrace(double[][] samples)
    {
        var trace = 0.0;
        foreach (var x in samples)
        {
            var jacobian = new double[outputs.Length, theta.Length];
            foreach (var p in Active(x))
                for (var at = 0; at < p.Weights.Length; at++) jacobian[p.Output, p.Weights[at]] += x[p.Source] * Derivative(p, at);
            foreach (var entry in jacobian) trace += Square(entry);
        }
        return trace;
    }

    /// <summary>The bound <c>Σₖ ‖J_v^{fₖ}‖² ‖J_θ^{vₖ}‖²</c>.</summary>
    public double NtkBound(double[][] samples)
    {
        var byOutput = new double[outputs.Length];
        foreach (var p in paths)
            for (var at = 0; at < p.Weights.Length; at++) byOutput[p.Output] += Square(Derivative(p, at));
        return Activity(samples).Zip(byOutput, (g, j) => g * j).Sum();
    }

    private void Walk(int unit, int output, List<int> weights, List<int> units)
    {
        if (unit < graph.Inputs)
        {
            paths.Add(new NetworkPath(unit, output, [.. weights], [.. units]));
            return;
        }
        foreach (var edge in graph.Units[unit].Edges)
        {
            if (edge.Weight == Edge.Identity) Walk(edge.From, output, weights, [.. units, unit]);
            else if (mask[edge.Weight]) Walk(edge.From, output, [.. weights, edge.Weight], [.. units, unit]);
        }
    }

    private double[] Values(double[] x)
    {
        var values = new double[graph.Units.Count];
        for (var i = 0; i < values.Length; i++)
        {
            var unit = graph.Units[i];
            var sum = unit.Edges.Sum(e => values[e.From] * (e.Weight == Edge.Identity ? 1 : theta[e.Weight]));
            var value = i < graph.Inputs ? x[i] : unit.Scale * sum + unit.Shift;
            values[i] = unit.Gated ? Math.Max(value, 0) : value;
        }
        return values;
    }

    private IEnumerable<NetworkPath> Active(double[] x)
    {
        var values = Values(x);
        return paths.Where(p => p.Units.All(unit => !graph.Units[unit].Gated || values[unit] > 0));
    }

    /// <summary><c>vₚ</c>: the product of its weights and scales.</summary>
    public double Value(NetworkPath p) => p.Weights.Aggregate(Scale(p), (product, j) => product * theta[j]);

    /// <summary>∂vₚ/∂θⱼ for the weight at one place of the path: the product of all the others.</summary>
    private double Derivative(NetworkPath p, int at) =>
        p.Weights.Where((_, place) => place != at).Aggregate(Scale(p), (product, j) => product * theta[j]);

    private double Scale(NetworkPath p) => p.Units.Aggregate(1.0, (product, unit) => product * graph.Units[unit].Scale);

    private double[] PerOutput(IEnumerable<(NetworkPath Path, double Term)> terms)
    {
        var sums = new double[outputs.Length];
        foreach (var (path, term) in terms) sums[path.Output] += term;
        return sums;
    }

    private double[] PerWeight(Func<NetworkPath, double> term) => PerWeight((p, _) => term(p));

    private double[] PerWeight(Func<NetworkPath, int, double> term)
    {
        var sums = new double[theta.Length];
        foreach (var p in paths)
            for (var at = 0; at < p.Weights.Length; at++) sums[p.Weights[at]] += term(p, at);
        return sums;
    }

    private static double Square(double value) => value * value;
}

/// <summary>A path by its input, its output, the weights on it from output to input, and its units without the input.</summary>
internal sealed record NetworkPath(int Source, int Output, int[] Weights, int[] Units);

using System.Globalization;
using static TorchSharp.torch;

namespace Px.Pruning.Tests.Reference.Parity;

/// <summary>
/// SNIP, FORCE, GraSP and ProsPR as their authors compute them: the model as it is, in its own type, in the standard layout, plain
/// autograd and nothing of the library. Its rounding errors are those that the method itself has.
/// </summary>
internal sealed class PlainScores : IDisposable
{
    private readonly GoldenFile golden;
    private readonly ReferenceProblem problem;
    private readonly List<Tensor> weights, masks, dense;

    private PlainScores(GoldenFile golden, ReferenceProblem problem, PruningMask? mask)
    {
        (this.golden, this.problem) = (golden, problem);
        weights = [.. golden.Prunable.Select(name => (Tensor)problem.Model.get_parameter(name)!)];
        masks = [.. golden.Prunable.Zip(weights, (name, weight) => mask is null ? ones_like(weight) : mask[name].to(weight.dtype))];
        dense = [.. weights.Select(weight => weight.detach().clone())];
        foreach (var parameter in problem.Model.parameters()) parameter.requires_grad = weights.Any(weight => weight.Handle == parameter.Handle);
        problem.Model.train(golden.Settings["norm_statistics"] == "batch");
        using var noGrad = no_grad();
        foreach (var (weight, m) in weights.Zip(masks)) weight.mul_(m);
    }

    public static bool Knows(string method) => method is "snip" or "itersnip" or "force" or "grasp" or "prospr";

    /// <summary>The scores of each layer in row-major order.</summary>
    /// <param name="golden">The problem and the method's settings.</param>
    /// <param name="type">What to compute in.</param>
    /// <param name="mask">A packed mask, or null for none.</param>
    public static Dictionary<string, double[]> Of(GoldenFile golden, ScalarType type, string? mask)
    {
        using var scope = NewDisposeScope();
        using var problem = ReferenceProblem.Create(golden, type);
        using var kept = mask is null ? null : GoldenMask.Create(golden, mask);
        using var plain = new PlainScores(golden, problem, kept);
        var scores = golden.Method switch
        {
            "snip" or "itersnip" or "force" => plain.Snip(),
            "grasp" => plain.Grasp(),
            "prospr" => plain.ProsPr(),
            var other => throw new ArgumentException($"{other} has no plain computation here.", nameof(golden)),
        };
        return golden.Prunable.Zip(scores).ToDictionary(s => s.First, s => s.Second.to(float64).contiguous().data<double>().ToArray());
    }

    public void Dispose()
    {
        foreach (var tensor in masks.Concat(dense)) tensor.Dispose();
    }

    /// <summary>|θ ⊙ Σ ∂L/∂θ|, in FORCE with the θ of pruned weights too.</summary>
    private List<Tensor> Snip()
    {
        var sums = weights.Select(weight => zeros_like(weight)).ToList();
        for (var b = 0; b < problem.Batches.Count; b++)
        {
            using var temporaries = NewDisposeScope();
            Add(sums, Gradient(Loss(b), createGraph: false), 1);
        }

        return [.. (golden.Method == "force" ? dense : weights).Zip(sums, (theta, g) => (theta.detach() * g).abs())];
    }

    /// <summary>θ ⊙ H(m ⊙ ∇L): a pass for ∇L over all batches, and one for its product with the Hessian.</summary>
    private List<Tensor> Grasp()
    {
        double samples = golden.Batches.Sum();
        var v = weights.Select(weight => zeros_like(weight)).ToList();
        for (var b = 0; b < problem.Batches.Count; b++)
        {
            using var temporaries = NewDisposeScope();
            var g = Gradient(GraspLoss(b, samples), createGraph: false);
            foreach (var (sum, part, m) in v.Zip(g, masks)) sum.add_(part * m);
        }

        var hv = weights.Select(weight => zeros_like(weight)).ToList();
        for (var b = 0; b < problem.Batches.Count; b++)
        {
            using var temporaries = NewDisposeScope();
            Add(hv, Curved(GraspLoss(b, samples), v), 1);
        }

        return [.. weights.Zip(hv, (weight, curved) => weight.detach() * curved)];
    }

    private Tensor GraspLoss(int batch, double samples) => Loss(batch, Number("temperature")) * (golden.Batches[batch] / samples);

    /// <summary>|w₀ ⊙ ∂L/∂w₀| through the steps of training: v ← μv + m ⊙ g, w ← w − ηv, and back through each of them.</summary>
    private List<Tensor> ProsPr()
    {
        var (steps, eta, mu) = ((int)Number("steps"), Number("learning_rate"), Number("momentum"));
        var start = weights.Select(weight => weight.detach().clone()).ToList();
        var path = new List<List<Tensor>>();
        var velocity = weights.Select(weight => zeros_like(weight)).ToList();
        for (var t = 0; t < steps; t++)
        {
            path.Add([.. weights.Select(weight => weight.detach().clone())]);
            var g = Gradient(Loss(t % problem.Batches.Count), createGraph: false);
            velocity = [.. velocity.Zip(g, masks).Select(s => s.First * mu + s.Second * s.Third)];
            Step(velocity, -eta);
        }

        // dL/dw after the last step; then dL/dw and dL/dv before each.
        var dw = Gradient(Loss(steps % problem.Batches.Count), createGraph: false);
        if (golden.Settings["first_order"] == "true") return [.. start.Zip(dw, (w, d) => (w * d).abs())];
        var dv = weights.Select(weight => zeros_like(weight)).ToList();
        for (var t = steps - 1; t >= 0; t--)
        {
            Set(path[t]);
            Add(dv, dw, -eta);
            Add(dw, Curved(Loss(t % problem.Batches.Count), [.. dv.Zip(masks, (d, m) => d * m)]), 1);
            dv = [.. dv.Select(d => d * mu)];
        }

        return [.. start.Zip(dw, (w, d) => (w * d).abs())];
    }

    private Tensor Loss(int batch, double temperature = 1)
    {
        var (input, target) = problem.Batches[batch];
        return nn.functional.cross_entropy(problem.Model.call(input.to(weights[0].dtype)) / temperature, target);
    }

    private List<Tensor> Gradient(Tensor value, bool createGraph) =>
        [.. autograd.grad([value], weights, create_graph: createGraph, retain_graph: createGraph)];

    /// <summary>The Hessian of a loss times a direction.</summary>
    private List<Tensor> Curved(Tensor loss, List<Tensor> direction)
    {
        var slope = Gradient(loss, createGraph: true).Zip(direction, (g, d) => (g * d).sum()).Aggregate((a, b) => a + b);
        return Gradient(slope, createGraph: false);
    }

    private void Step(List<Tensor> direction, double size)
    {
        using var noGrad = no_grad();
        Add(weights, direction, size);
    }

    private void Set(List<Tensor> values)
    {
        using var noGrad = no_grad();
        foreach (var (weight, value) in weights.Zip(values)) weight.copy_(value);
    }

    private static void Add(List<Tensor> sums, List<Tensor> parts, double factor)
    {
        foreach (var (sum, part) in sums.Zip(parts)) sum.add_(part * factor);
    }

    private double Number(string setting) => double.Parse(golden.Settings[setting], CultureInfo.InvariantCulture);
}

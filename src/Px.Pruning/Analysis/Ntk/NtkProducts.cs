using Px.Pruning.Engine.Weights;
using static TorchSharp.torch;

namespace Px.Pruning.Analysis.Ntk;

// Θv = J (Jᵀv) without Θ or J. Jᵀv is a backward pass, and so is Ju: the gradient g(w) = Jᵀw is linear in w, so that ∂⟨g(w), u⟩/∂w = Ju for
// any w.
internal sealed class NtkProducts(NtkJacobian jacobian, NtkEigenvalueOptions options)
{
    private readonly List<Tensor> leaves = [.. jacobian.Parameters.Select(parameter => parameter.Leaf)];

    // Backward passes for one column.
    internal long Passes => 2 * jacobian.MicroBatches(options.MicroBatch).Count();

    // ΘV for V [R, columns], float64, on the CPU, for as many columns at a time as fit into memory. Fresh, like V.
    internal Tensor Apply(Tensor V)
    {
        using var scope = NewDisposeScope();
        long bytes = leaves.Sum(leaf => leaf.numel() * leaf.element_size());
        long together = Math.Clamp(options.Kernel.MemoryBudget / Math.Max(1, 2 * bytes), 1, V.size(1));
        var results = new List<Tensor>();
        foreach (var some in V.split(together, 1))
        {
            using var temporaries = NewDisposeScope();
            results.Add(Jvp(Vjp(some)).MoveToOuterDisposeScope());
        }

        return cat(results, 1).MoveToOuterDisposeScope();
    }

    // JᵀV, vector-Jacobian products: for each column a tensor for each leaf, 0 where a weight is pruned.
    private List<Tensor[]> Vjp(Tensor V)
    {
        var sums = Enumerable.Range(0, (int)V.size(1)).Select(_ => leaves.Select(leaf => zeros_like(leaf)).ToArray()).ToList();
        long row = 0;
        foreach (var input in jacobian.MicroBatches(options.MicroBatch))
        {
            using var temporaries = NewDisposeScope();
            var output = jacobian.Run(input);
            var rows = V.narrow(0, row, input.Samples * jacobian.Outputs);
            row += rows.size(0);
            for (int column = 0; column < sums.Count; column++)
            {
                using var perColumn = NewDisposeScope();
                var gradients = jacobian.VectorProduct(output, rows.select(1, column), leaves);
                for (int i = 0; i < leaves.Count; i++) sums[column][i].add_(gradients[i]);
            }
        }

        return [.. sums.Select(sum => sum.Zip(jacobian.Parameters, (tensor, parameter) => parameter.Mask(tensor)).ToArray())];
    }

    // JU, Jacobian-vector products, [R, columns].
    private Tensor Jvp(List<Tensor[]> U)
    {
        var parts = new List<Tensor>();
        foreach (var input in jacobian.MicroBatches(options.MicroBatch))
        {
            using var temporaries = NewDisposeScope();
            parts.Add(Jvp(jacobian.Run(input), input.Samples * jacobian.Outputs, U).MoveToOuterDisposeScope());
        }

        return cat(parts, 0);
    }

    private Tensor Jvp(Tensor output, long rows, List<Tensor[]> U)
    {
        using var grad = enable_grad();
        var w = zeros(rows, output.dtype, output.device).requires_grad_();
        var reached = Reached(output);
        List<Tensor> inputs = [.. reached.Select(i => leaves[i])];
        IList<Tensor> g = inputs.Count > 0
            ? autograd.grad([output], inputs, [jacobian.AtOutput(w, output)], retain_graph: true, create_graph: true)
            : [];
        return stack(U.Select(u => Differentiate(g, reached.Select(i => u[i]), w)), 1).cpu();
    }

    // The leaves that an output depends on, by a backward pass: autograd.grad would end the process where backward throws, and for an
    // independent leaf it returns a tensor without memory, which TorchSharp never counts as disposed.
    private List<int> Reached(Tensor output)
    {
        if (!output.requires_grad) return [];
        using var temporaries = NewDisposeScope();
        autograd.backward([output], [ones_like(output)], retain_graph: true, inputs: leaves);
        List<int> reached = [.. Enumerable.Range(0, leaves.Count).Where(i => leaves[i].grad is not null)];
        foreach (int i in reached) WeightFunction.TakeGradient(leaves[i]);
        return reached;
    }

    // ∂⟨g(w), u⟩/∂w, float64.
    private Tensor Differentiate(IList<Tensor> g, IEnumerable<Tensor> u, Tensor w)
    {
        using var temporaries = NewDisposeScope();
        var products = g.Zip(u, (a, b) => a.requires_grad ? (a * b).sum().to(w.dtype) : null).OfType<Tensor>().ToList();
        if (products.Count > 0)
        {
            DifferentiableGradient.Backward(products.Aggregate((a, b) => a + b), [w], keepsGraph: true, e =>
                DifferentiableGradient.NoSecondDerivative(e,
                    "NtkAnalysis.TopEigenvalues differentiates the network twice, and an operation of it",
                    "take NtkAnalysis.Spectrum on fewer samples"));
        }

        jacobian.Report();
        return WeightFunction.TakeGradient(w).detach().to(float64).MoveToOuterDisposeScope();
    }
}

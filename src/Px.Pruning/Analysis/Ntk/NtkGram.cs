using static TorchSharp.torch;

namespace Px.Pruning.Analysis.Ntk;

// The kernel itself, Θ = J Jᵀ, summed over as many columns of J at a time as fit into memory.
internal static class NtkGram
{
    // Bytes for each entry of Θ in float64: Θ, the block that is added, and the copy for its eigenvalues.
    private const long BytesPerEntry = 3 * sizeof(double);

    // Θ [R, R], float64. Fresh. Throws an ArgumentException where it would take more than half of the memory.
    internal static Tensor Compute(NtkJacobian jacobian, NtkOptions options)
    {
        long rows = jacobian.Rows, bytes = BytesPerEntry * rows * rows;
        if (bytes > options.MemoryBudget / 2) throw TooLarge(jacobian, options);
        var blocks = Blocks(jacobian.Parameters, Math.Max(1, (options.MemoryBudget - bytes) / (sizeof(double) * rows))).ToList();
        jacobian.Expect(rows * blocks.Count);

        var gram = zeros([rows, rows], float64, jacobian.Context.Network.Device);
        foreach (var block in blocks)
        {
            using var temporaries = NewDisposeScope();
            var J = Rows(jacobian, block);
            gram.add_(J.mm(J.t()));
        }

        return gram;
    }

    // Some columns of J, [R, columns], float64.
    private static Tensor Rows(NtkJacobian jacobian, IReadOnlyList<Columns> block)
    {
        var J = empty([jacobian.Rows, block.Sum(columns => columns.Count)], float64, jacobian.Context.Network.Device);
        var units = eye(jacobian.Outputs, dtype: float64);
        jacobian.Visit([.. block.Select(columns => columns.Parameter)], () => units.unbind(), (row, gradients) =>
        {
            long at = 0;
            foreach (var ((parameter, start, count), gradient) in block.Zip(gradients))
            {
                J.narrow(0, row, 1).narrow(1, at, count).copy_(parameter.Columns(gradient, start, count).unsqueeze(0));
                at += count;
            }
        });
        return J;
    }

    // Blocks of columns in the model's order, so that the backward pass of a block ends at its first layer.
    private static IEnumerable<List<Columns>> Blocks(IEnumerable<NtkParameter> parameters, long most)
    {
        var block = new List<Columns>();
        long left = most;
        foreach (var parameter in parameters)
        {
            for (long start = 0; start < parameter.Count;)
            {
                long count = Math.Min(parameter.Count - start, left);
                block.Add(new(parameter, start, count));
                (start, left) = (start + count, left - count);
                if (left > 0) continue;
                yield return block;
                (block, left) = ([], most);
            }
        }

        if (block.Count > 0) yield return block;
    }

    private static ArgumentException TooLarge(NtkJacobian jacobian, NtkOptions options)
    {
        double most = Math.Floor(Math.Sqrt(options.MemoryBudget / 2.0 / BytesPerEntry));
        return new ArgumentException(
            $"The kernel of {jacobian.Samples} samples with {jacobian.Outputs} outputs each has {jacobian.Rows} rows; with "
            + $"NtkOptions.MemoryBudget at {options.MemoryBudget} bytes all eigenvalues are computed for at most {most}. Take fewer "
            + "samples (NtkOptions.Data), NtkOptions.SumOutputs or a larger budget, or call NtkAnalysis.Trace or "
            + "NtkAnalysis.TopEigenvalues, which need no matrix.", nameof(options));
    }

    private readonly record struct Columns(NtkParameter Parameter, long Start, long Count);
}

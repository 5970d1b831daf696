using static TorchSharp.torch;

namespace Px.Pruning.Methods.WideTopo;

// Rows and columns of a mask [a, b, …]: the weights of an output unit, and those of an input channel. Biases and the like have none.
internal static class MaskTopology
{
    // 1 / max(1, rᵢ cⱼ)^exponent with the numbers of weights alive in row i and column j, to be multiplied with scores. Fresh.
    internal static Tensor Decay(Tensor alive, double exponent)
    {
        using var scope = NewDisposeScope();
        if (alive.dim() < 2) return ones([], ScalarType.Float64).MoveToOuterDisposeScope();
        var (rows, columns) = Counts(alive);
        return (rows * columns).clamp_min_(1).pow_(-exponent).MoveToOuterDisposeScope();
    }

    // How much each dead weight is wanted back: (1 − density of its row)(1 − density of its column) + 10⁻⁵ N(0, 1), at most about 1, where
    // a kernel's weights share the draw; 1 where there are no rows. Living weights: 2. Fresh.
    internal static Tensor Restoration(Tensor alive, Func<long[], Tensor> draw)
    {
        using var scope = NewDisposeScope();
        var wanted = ones(alive.shape, ScalarType.Float64);
        if (alive.dim() > 1 && alive.numel() > 0)
        {
            var (rows, columns) = Counts(alive);
            double inRow = alive.numel() / alive.size(0), inColumn = alive.numel() / alive.size(1);
            var noise = draw([.. alive.shape.Take(2), .. alive.shape.Skip(2).Select(_ => 1L)]);
            wanted.mul_((1 - rows / inRow) * (1 - columns / inColumn) + noise * 1e-5);
        }

        return wanted.masked_fill_(alive, 2).MoveToOuterDisposeScope();
    }

    // [a, 1, …] and [1, b, …].
    private static (Tensor Rows, Tensor Columns) Counts(Tensor alive)
    {
        Tensor Sum(int kept) => alive.sum([.. Enumerable.Range(0, (int)alive.dim()).Where(d => d != kept).Select(d => (long)d)],
            keepdim: true, type: ScalarType.Float64);
        return (Sum(0), Sum(1));
    }
}

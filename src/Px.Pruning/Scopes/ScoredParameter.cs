using static TorchSharp.torch;

namespace Px.Pruning.Scopes;

/// <summary>What a scope ranks: one parameter's scores and which of its weights are still there. Borrows both tensors.</summary>
/// <param name="Name">The parameter's name.</param>
/// <param name="Scores">float64, CPU, contiguous; larger is more worth keeping. Scores of pruned weights are not looked at.</param>
/// <param name="Alive">bool, CPU, contiguous, of the same shape: <see langword="false"/> where a weight was pruned before.</param>
internal sealed record ScoredParameter(string Name, Tensor Scores, Tensor Alive);

/// <summary>The fraction of weights to keep. The one place where it becomes a number of weights.</summary>
/// <param name="Density">In [0, 1].</param>
/// <param name="Counting">How it becomes a number.</param>
internal readonly record struct KeepCount(double Density, WeightCounting Counting = WeightCounting.Rounded)
{
    /// <summary>How many weights are kept.</summary>
    /// <param name="total">The number of weights, pruned ones included.</param>
    public long Of(long total) => Counting switch
    {
        // The public codes' own expression: whichever way its rounding falls, it falls alike.
        WeightCounting.Truncated => total - (long)((1 - Density) * total),
        _ => (long)Math.Round(Density * total, MidpointRounding.AwayFromZero),
    };
}

using static TorchSharp.torch;

namespace Px.Pruning.Scopes;

/// <summary>What a scope ranks: one parameter's scores and which of its weights are still there. Borrows both tensors.</summary>
/// <param name="Name">The parameter's name.</param>
/// <param name="Scores">float64, CPU, contiguous; larger is more worth keeping. Scores of pruned weights are not looked at.</param>
/// <param name="Alive">bool, CPU, contiguous, of the same shape: <see langword="false"/> where a weight was pruned before.</param>
internal sealed record ScoredParameter(string Name, Tensor Scores, Tensor Alive);

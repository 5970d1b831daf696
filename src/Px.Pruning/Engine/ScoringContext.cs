using Microsoft.Extensions.Logging;
using Px.Pruning.Data;
using static TorchSharp.torch;

namespace Px.Pruning.Engine;

// What a call works with in every round: the hooked network, the data, the loss, the seed.
internal sealed class ScoringContext(
    Network network, PruningBatches? batches, PruningOptions options, long seed, CancellationToken token) : IDisposable
{
    private readonly HashSet<Tensor> targets = new(ReferenceEqualityComparer.Instance); // checked against the output
    private bool? lossReadsWeights;

    internal Network Network { get; } = network;

    internal long Seed { get; } = seed;

    internal CancellationToken Token { get; } = token;

    internal ILogger? Logger => options.Logger;

    internal int BatchSize => options.BatchSize;

    // The pruning data, in the network's device and compute type; empty for methods that need none.
    internal IReadOnlyList<(Inputs Input, Tensor Target)> Batches => batches?.Batches ?? [];

    // That of the inputs where paths begin. Null without data.
    internal ScalarType? InputType => Batches.Count > 0 ? Batches[0].Input.Numbers.First().dtype : null;

    // Mean cross-entropy, or the user's own loss. Throws an ArgumentException where the targets do not fit the output.
    internal Tensor Loss(Tensor output, Tensor target)
    {
        if (options.Loss is { } loss) return loss(output, target);
        if (targets.Add(target)) ClassTargets.Check(output, target);
        return nn.functional.cross_entropy(output, target);
    }

    // Whether the caller's own loss reads prunable weights beside the output. Asked once.
    internal bool LossReadsWeights => lossReadsWeights ??= options.Loss is { } loss && Batches.Count > 0
        && LossUse.ReadsWeights(Network, loss, Batches[0]);

    public void Dispose() => batches?.Dispose();
}

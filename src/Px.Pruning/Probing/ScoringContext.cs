using Microsoft.Extensions.Logging;
using Px.Pruning.Data;
using static TorchSharp.torch;

namespace Px.Pruning.Probing;

/// <summary>What a method scores with: the network, the data, the options, and the weights that are still there.</summary>
internal sealed class ScoringContext(
    Network network, PruningBatches? batches, PruningOptions options, long seed, CancellationToken token) : IDisposable
{
    internal Network Network { get; } = network;

    internal PruningOptions Options { get; } = options;

    /// <summary>The seed of this call: the user's, or a fresh one.</summary>
    internal long Seed { get; } = seed;

    /// <summary>The round that is scored, from 1.</summary>
    internal int Round { get; set; } = 1;

    /// <summary>How many weights shall remain after this round; null where weights are only scored.</summary>
    internal long? Wanted { get; set; }

    /// <summary>For each prunable slot a CPU bool tensor, true where the weight is alive; null before the first mask.</summary>
    internal IReadOnlyList<Tensor>? Alive { get; set; }

    /// <summary>log₂ of the largest value in the unpruned network of paths, once a method has measured it.</summary>
    internal double? Growth { get; set; }

    /// <summary>Scales of norm layers that are the same in every round, by layer and dimensions of its input. Owned.</summary>
    internal Dictionary<(NormLayer Layer, long Dimensions), Tensor> Scales { get; } = [];

    internal CancellationToken Token { get; } = token;

    internal ILogger? Logger => Options.Logger;

    /// <summary>The cached pruning data, in the network's device and compute type.</summary>
    internal IReadOnlyList<(Tensor Input, Tensor Target)> Batches => batches?.Batches ?? [];

    /// <summary>Mean cross-entropy, or the user's own loss.</summary>
    /// <exception cref="ArgumentException">The targets do not fit the output.</exception>
    internal Tensor Loss(Tensor output, Tensor target)
    {
        if (Options.Loss is { } loss) return loss(output, target);
        if (Round == 1) ClassTargets.Check(output, target);
        return nn.functional.cross_entropy(output, target);
    }

    public void Dispose()
    {
        foreach (var scale in Scales.Values) scale.Dispose();
        batches?.Dispose();
    }
}

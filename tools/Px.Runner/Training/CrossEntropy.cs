using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Runner.Training;

/// <summary>
/// Cross entropy of logits [B, K, …] against class indices [B, …], the mean over the labels that count. Sum and number are apart, so that the
/// pieces of a batch add up to the batch whatever they ignore.
/// </summary>
public sealed record CrossEntropy
{
    // PyTorch's own default: no class has this number.
    private const long NoLabel = -100;

    /// <summary>The label that says nothing ("void", "ignore"); null, the default, where every label counts.</summary>
    public long? IgnoreLabel { get; init; }

    /// <summary>The mean over the labels that count: a scalar, 0 where there are none.</summary>
    public Tensor Mean(Tensor logits, Tensor target) => Sum(logits, target) / Count(target);

    /// <summary>The sum over the labels that count: a scalar.</summary>
    public Tensor Sum(Tensor logits, Tensor target) =>
        functional.cross_entropy(logits, target, ignore_index: IgnoreLabel ?? NoLabel, reduction: Reduction.Sum);

    /// <summary>How many labels count, at least 1: a float scalar on the target's device, so that a GPU need not be waited for.</summary>
    public Tensor Count(Tensor target) => target.ne(IgnoreLabel ?? NoLabel).sum().clamp_min(1).to(ScalarType.Float32);
}

using TorchSharp;
using static TorchSharp.torch;

namespace Px.Pruning.Data;

// Checks the targets of mean cross-entropy: libtorch's own errors name neither the data nor what to do.
internal static class ClassTargets
{
    internal const long Ignored = -100; // cross-entropy's default ignore_index

    // output: logits [B, K, …]; target: class indices [B, …], or class probabilities of the output's shape.
    internal static void Check(Tensor output, Tensor target)
    {
        bool probabilities = target.is_floating_point() && target.shape.SequenceEqual(output.shape);
        if (output.dim() < 2)
            throw Misfit($"The model's output has shape {ShapeText.Of(output.shape)}, but cross-entropy needs logits [B, K, …].");
        if (output.size(1) == 1)
        {
            throw new ArgumentException(
                $"The model's output has shape {ShapeText.Of(output.shape)}, a single class, for which cross-entropy is always 0. "
                + "For regression or two classes in one output, pass PruningOptions.Loss, for example functional.mse_loss or "
                + "functional.binary_cross_entropy_with_logits.");
        }

        if (probabilities)
        {
            if (ClassProbabilities.Misfit(output, target) is { } misfit) throw new ArgumentException(misfit);
            return;
        }

        long[] expected = [output.size(0), .. output.shape[2..]];
        if (!TensorCopier.IsInteger(target.dtype) || !target.shape.SequenceEqual(expected))
        {
            throw Misfit(
                $"The targets are {target.dtype} of shape {ShapeText.Of(target.shape)}, but for an output of shape "
                + $"{ShapeText.Of(output.shape)} cross-entropy needs integer class indices of shape {ShapeText.Of(expected)}.");
        }

        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        if (target.numel() == 0) return;
        var counted = target.masked_fill(target.eq(Ignored), 0);
        long lowest = counted.min().ToInt64(), highest = counted.max().ToInt64();
        if (lowest >= 0 && highest < output.size(1)) return;
        long wrong = lowest < 0 ? lowest : highest;
        throw Misfit(
            $"A target is class {wrong}, but the model's output of shape {ShapeText.Of(output.shape)} has classes 0 to "
            + $"{output.size(1) - 1}. If {wrong} marks what is to be left out, as 255 does in Pascal VOC, say so: PruningOptions.Loss = "
            + $"(output, target) => functional.cross_entropy(output, target, ignore_index: {wrong}).");
    }

    private static ArgumentException Misfit(string found) => new(
        found + " Fix the data, or pass a loss of your own as PruningOptions.Loss, for example one that leaves out a label.");
}

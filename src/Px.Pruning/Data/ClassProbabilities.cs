using System.Globalization;
using TorchSharp;
using static TorchSharp.torch;

namespace Px.Pruning.Data;

// Checks that floating-point targets are what mean cross-entropy takes them for: a distribution over the classes for each sample. Numbers
// to regress on and several labels in a row have the same shape and type.
internal static class ClassProbabilities
{
    // How far a sum may lie from 1: rows are written by hand or rounded to float32; half precision is coarser.
    private const double Tolerance = 1e-3, CoarseTolerance = 2e-2;

    // What is wrong with the targets, in words; null where they fit. output: logits [B, K, …]; target: of the output's shape.
    internal static string? Misfit(Tensor output, Tensor target)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        if (target.numel() == 0) return null;
        double tolerance = target.dtype is ScalarType.Float32 or ScalarType.Float64 ? Tolerance : CoarseTolerance;
        var wide = target.to(ScalarType.Float64);
        // Written so that NaN fails them.
        double lowest = wide.min().ToDouble();
        if (!(lowest >= -tolerance))
            return Found($"hold {lowest:G4}", "which is no probability");
        var sums = wide.sum(1);
        double least = sums.min().ToDouble(), most = sums.max().ToDouble();
        if (Math.Abs(least - 1) <= tolerance && Math.Abs(most - 1) <= tolerance) return null;
        double worst = Math.Abs(least - 1) > Math.Abs(most - 1) ? least : most;
        string misfit = Found($"sum to {worst:G4} over the {output.size(1)} classes of a sample", "instead of 1");
        // Cross-entropy would count such a position as one without loss, where class indices leave it out.
        return output.dim() == 2 || Math.Abs(least) > tolerance
            ? misfit
            : $"{misfit} Where all classes are 0 at a position that is to be left out, pass class indices with {ClassTargets.Ignored} "
                + $"there: target.argmax(1).masked_fill(target.sum(1).eq(0), {ClassTargets.Ignored}).";

        string Found(FormattableString what, string why) =>
            $"The targets are {target.dtype} of the output's shape {ShapeText.Of(output.shape)}, so that cross-entropy takes them for "
            + $"class probabilities, but they {what.ToString(CultureInfo.InvariantCulture)}, {why}. Where they are numbers to regress on "
            + "or several labels of a sample, cross-entropy is not their loss: pass PruningOptions.Loss, for example "
            + "functional.mse_loss or functional.binary_cross_entropy_with_logits.";
    }
}

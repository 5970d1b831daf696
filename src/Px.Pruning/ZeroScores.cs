using Microsoft.Extensions.Logging;
using Px.Pruning.Engine;
using Px.Pruning.Engine.Weights;
using TorchSharp;
using static TorchSharp.torch;

namespace Px.Pruning;

// What the loop does with scores of zero, which say nothing of a weight. Where all are zero before anything is pruned, there is nothing to
// rank. Where a round cuts among zeros, the larger weights stay, and the user is told.
internal sealed class ZeroScores(string method, ScoringContext context)
{
    private bool cutAmongZeros, warned;

    // How many weights the last round kept although they score zero, while it removed others that do.
    internal long Kept { get; private set; }

    // UnsupportedModelException: every weight scores zero; the message names the likely cause.
    internal void ThrowIfAll(SlotTensors scores)
    {
        if (scores.Values.Any(IsSomewhereNonzero)) return;
        var zeros = ZeroTensors.Find(context.Network);
        throw new UnsupportedModelException(
            $"{method} scores every weight 0, so that nothing can be ranked. "
            + (zeros is [var first, ..]
                ? $"The likely cause: every number of '{first.Tensor}' is zero"
                    + (zeros.Count > 1 ? $" (and of {zeros.Count - 1} more, '{zeros[^1].Tensor}' the last)" : "")
                    + ", so that nothing passes it. Initialise it for the time of pruning, for example by init.kaiming_normal_, and set it "
                    + "to zero again afterwards if training shall begin there. "
                : "The output, or the loss of it, does not depend on any weight: look for detach() or no_grad() in the model's forward, "
                    + "for a loss that is constant on these targets, or for data on which no activation is on. ")
            + "As it is, the network can be pruned by MagnitudePruner, RandomPruner and NtkSapPruner, which draws weights of its own.")
        { Module = zeros is [var cause, ..] ? cause.Layer : "" };
    }

    // |θ| of a prunable weight, float64, on the CPU: asked for where a ranking is cut among zeros. Fresh.
    internal Tensor Magnitude(string name)
    {
        cutAmongZeros = true;
        using var noGrad = no_grad();
        using var whole = new MaskedWeights(context.Network, null);
        var slot = context.Network.Prunable.First(slot => slot.Name == name);
        using var magnitudes = whole.AbsoluteTheta(slot, float64);
        return slot.RankedPart(magnitudes.cpu()).contiguous();
    }

    // Looks at what a round kept.
    internal void Note(int round, IEnumerable<Tensor> scores, IEnumerable<Tensor> kept)
    {
        Kept = cutAmongZeros ? scores.Zip(kept, CountZeros).Sum() : 0;
        cutAmongZeros = false;
        if (Kept == 0 || warned) return;
        warned = true;
        context.Logger?.LogWarning(
            Warnings.ZeroScores,
            "Round {Round}: {Method} scores more weights 0 than there are to remove, so that {Kept} of those that it keeps were chosen by "
            + "their size alone.", round, method, Kept);
    }

    private static bool IsSomewhereNonzero(Tensor scores)
    {
        using var count = scores.count_nonzero();
        return count.ToInt64() > 0;
    }

    private static long CountZeros(Tensor scores, Tensor kept)
    {
        using var zeros = scores.eq(0);
        using var both = zeros.logical_and_(kept);
        using var sum = both.sum();
        return sum.ToInt64();
    }
}

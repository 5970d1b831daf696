using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace Px.Pruning.Probing;

/// <summary>
/// Moves the scales of batch norms into the weights of the layers right before them, once for all rounds: a path's product is the same, and so is
/// weight times gradient, but no map need be scaled any more. Norm layers and activations then hand on what they receive.
/// </summary>
internal static class NormFolding
{
    // Far above what rounding makes of equal sums.
    private const double Tolerance = 1e-10;

    /// <summary>Multiplies scales into the leaves, and makes sure that the network's own code lets it be.</summary>
    /// <param name="network">Whose layers.</param>
    /// <param name="leaves">The weights, one tensor for each slot; scaled in place.</param>
    /// <param name="scale">What norm layers scale by.</param>
    /// <param name="interiors">Where maps are constant.</param>
    /// <returns>
    /// The norm layers whose scale lies in the weights; null where code between the layers would see a difference (it reads a map twice, or writes to
    /// one), and then the leaves are to be made anew.
    /// </returns>
    internal static HashSet<NormLayer>? Fold(Network network, Tensor[] leaves, Func<NormLayer, long, Tensor> scale, Interiors? interiors)
    {
        using var scope = NewDisposeScope();
        var before = new FlowPass { Weight = (slot, _) => leaves[slot], Scale = scale, Interiors = interiors };
        using (no_grad()) before.Run(network);
        var folded = new HashSet<NormLayer>();
        foreach (var (layer, norm, dimensions) in before.Pairs)
        {
            if (before.Calls.Count(call => call == layer.Slot) > 1 || before.Pairs.Count(pair => pair.Norm == norm) > 1) continue;
            using var noGrad = no_grad();
            leaves[layer.Slot].mul_(scale(norm, dimensions).reshape([-1, .. Enumerable.Repeat(1L, (int)layer.Weight.dim() - 1)]));
            folded.Add(norm);
        }

        var after = new FlowPass
        {
            Weight = (slot, _) => leaves[slot],
            Scale = (norm, dimensions) => folded.Contains(norm) ? null : scale(norm, dimensions),
            Interiors = interiors,
            Aliases = true,
        };
        return Differentiates(after, network, leaves) && before.IsLike(after) ? folded : null;
    }

    /// <summary>Whether a pass runs through, and its backward pass too: that tells of code which writes to a map that a layer has read.</summary>
    private static bool Differentiates(FlowPass pass, Network network, Tensor[] leaves)
    {
        using var grad = enable_grad();
        try
        {
            var R = pass.Run(network);
            var ranked = network.Prunable.Select(slot => leaves[slot.Index]).ToList();
            if (R.requires_grad) autograd.backward([R], inputs: ranked);
            foreach (var leaf in ranked) WeightFunction.TakeGradient(leaf).Dispose();
            return true;
        }
        catch (ExternalException)
        {
            return false;
        }
    }

    /// <summary>Notes what arrives at layers with weights, and which batch norms are handed just what such a layer returned.</summary>
    private sealed class FlowPass : PathEvaluation
    {
        private (WeightedLayer Layer, Tensor Output)? last;

        /// <summary>The slot of each call.</summary>
        internal List<int> Calls { get; } = [];

        /// <summary>The sum of what each call receives, and at last the output.</summary>
        internal List<double> Sums { get; } = [];

        internal List<(WeightedLayer Layer, NormLayer Norm, long Dimensions)> Pairs { get; } = [];

        /// <summary>The sum of the output for an input of ones, in the current dispose scope.</summary>
        internal Tensor Run(Network network)
        {
            var R = network.Run(this, full([1, .. network.SampleShape!], 1, ScalarType.Float64, network.Device)).sum();
            Sums.Add(R.ToDouble());
            return R;
        }

        /// <summary>Whether the same arrived everywhere.</summary>
        internal bool IsLike(FlowPass other) => Calls.SequenceEqual(other.Calls)
            && Sums.Zip(other.Sums).All(sums => Math.Abs(sums.First - sums.Second) <= Tolerance * Math.Abs(sums.First));

        internal override Tensor Compute(Site site, Tensor input)
        {
            if (site.Norm is { IsBatchNorm: true } norm && last is var (before, output) && !output.IsInvalid && input.Handle == output.Handle && !before.Transposed)
                Pairs.Add((before, norm, input.dim()));
            if (site.Weighted is not { } layer) return base.Compute(site, input);
            Calls.Add(layer.Slot);
            Sums.Add(input.detach().sum().ToDouble());
            var result = base.Compute(site, input);
            last = (layer, result);
            return result;
        }
    }
}

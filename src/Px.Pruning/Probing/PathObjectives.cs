using Microsoft.Extensions.Logging;
using TorchSharp;
using static TorchSharp.torch;

namespace Px.Pruning.Probing;

/// <summary>The two bounds R of Path eXclusion, each differentiated with respect to θ².</summary>
internal static class PathObjectives
{
    private const long SamplesInPart = 32;

    /// <summary>
    /// <c>R = Σₖ Gᵏ hᵏ(1, θ², 1)</c> with <c>Gᵏ = Σₙ gᵏ(xₙ², 1, aₙ)</c>. Exact, since h does not depend on the data: G first, without
    /// gradients, then one forward and backward pass of h on a single ones-input. For dense outputs G is a map.
    /// </summary>
    /// <param name="context">Network, mask and data.</param>
    /// <param name="weights">The masked weights.</param>
    /// <param name="norms">Where frozen norm scales come from. Statistics that are constants already stay what they are.</param>
    /// <param name="dataTerm">Whether G comes from the data; otherwise it is 1, and R the trace of the path kernel.</param>
    /// <returns>The leaves θ² ⊙ m with their gradients, and the power of two that was taken out of R.</returns>
    internal static (Tensor[] Leaves, int Exponent) Decoupled(ScoringContext context, MaskedWeights weights, NormPolicy norms, bool dataTerm = true)
    {
        CheckTheory(context, weights, norms.Statistics);
        if (!dataTerm) Moments(context, weights, norms);
        var (G, exponent) = dataTerm ? SumActivations(context, weights, norms) : (ones([], float64, context.Network.Device), 0);

        var leaves = weights.SquaredLeaves(float64);
        long[] sample = context.Batches[0].Input.shape[1..];

        using var grad = enable_grad();
        var kernel = new PathEvaluation { Weight = (slot, _) => leaves[slot], Scale = norms.SquaredScale };
        using var input = ones([1, .. sample], float64, context.Network.Device);
        using var h = context.Network.Run(kernel, input);
        using var R = (G * h).sum();
        Differentiate(context, R, leaves);
        return (leaves, exponent);
    }

    /// <summary><c>R = Σₙ Σₖ Σₚ aₚ(xₙ) x²ₙₛ vₚ²</c>: one gated pass with squared weights, squared scales and squared inputs.</summary>
    /// <returns>The leaves θ² ⊙ m with their gradients, and the power of two that was taken out of R.</returns>
    internal static (Tensor[] Leaves, int Exponent) Joint(ScoringContext context, MaskedWeights weights, NormStatistics statistics)
    {
        CheckTheory(context, weights, statistics);
        using var norms = new NormPolicy(statistics);
        Moments(context, weights, norms);

        long[] sample = context.Batches[0].Input.shape[1..];
        var wide = weights.SquaredLeaves(float64);
        double growth = PathRange.Growth(context.Network, sample, (slot, _) => wide[slot], false, norms.SquaredScale);
        var range = PathRange.Choose(growth + 2 * InputPeak(context), context.Network.ComputeType);
        var leaves = range.Type == ScalarType.Float64 ? wide : weights.SquaredLeaves(range.Type);

        foreach (var (input, _) in context.Batches)
        {
            context.Token.ThrowIfCancellationRequested();
            using var temporaries = NewDisposeScope();
            using var own = new NormPolicy(statistics);
            using var pattern = Activations(context, weights, own, input);
            var squared = range.SquaredInput(input);
            var R = Gated(context, leaves, norms, pattern, squared, inPlace: false);
            if (context.Round == 1) CheckGates(context, leaves, norms, pattern, squared, R);
            Differentiate(context, R, leaves);
        }

        bool silent = context.Network.Prunable.All(slot => leaves[slot.Index].grad is not { } dR || dR.count_nonzero().ToInt64() == 0);
        if (!silent) return (leaves, range.Exponent);
        context.Logger?.LogWarning("Round {Round}: no path is active on the pruning data, so that the path kernel alone decides.", context.Round);
        using var fallback = new NormPolicy(statistics);
        return Decoupled(context, weights, fallback, dataTerm: false);
    }

    /// <summary>Before the first round: is this a network of paths, and are all its gates seen?</summary>
    private static void CheckTheory(ScoringContext context, MaskedWeights weights, NormStatistics statistics)
    {
        if (context.Round != 1) return;
        var input = context.Batches[0].Input;
        PathLinearity.Check(context.Network, weights.SquaredTheta, input.shape[1..]);
        GateCheck.Run(context.Network, statistics, input);
    }

    private static (Tensor G, int Exponent) SumActivations(ScoringContext context, MaskedWeights weights, NormPolicy norms)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        long[] sample = context.Batches[0].Input.shape[1..];
        // A mask only takes paths away: the first round's bound holds for all.
        double growth = context.Growth ??= PathRange.Growth(context.Network, sample, weights.Ones, ownsWeights: true, scale: null);
        var range = PathRange.Choose(growth + 2 * InputPeak(context), context.Network.ComputeType);

        // Batch norm on the batch's own statistics needs f to see it whole; everything else goes sample by sample.
        bool whole = !norms.IsFrozen && context.Network.Sites.Any(site => site.Norm is { IsBatchNorm: true } norm && norm.UsesBatch(norms.Statistics));
        Tensor? sum = null;
        foreach (var (input, _) in context.Batches)
        {
            using var parts = NewDisposeScope();
            foreach (var part in whole ? [input] : Parts(input))
            {
                context.Token.ThrowIfCancellationRequested();
                using var temporaries = NewDisposeScope();
                var seen = context.Network.ForForwardPass(part);
                using var pattern = Activations(context, weights, norms, seen);
                var batch = SumOfPaths(context, weights, pattern, range, seen);
                if (sum is null) sum = batch.MoveToOtherDisposeScope(scope);
                else sum.add_(batch);
            }
        }

        double largest = sum!.max().ToDouble();
        if (!double.IsFinite(largest)) throw NotFinite("the path activations g");
        if (largest == 0)
        {
            // The data would rank nothing any more; the path kernel still does, and keeps input and output connected.
            context.Logger?.LogWarning("Round {Round}: no path is active on the pruning data, so that every path activation counts as 1.", context.Round);
            return (ones_like(sum).MoveToOuterDisposeScope(), 0);
        }

        // Only ratios between outputs matter: bring the largest near 1, exactly.
        int excess = Math.ILogB(largest);
        var normalized = sum * Math.ScaleB(1, -excess);
        return (normalized.MoveToOuterDisposeScope(), range.Exponent + excess);
    }

    /// <summary><c>Σₙ gᵏ(xₙ², 1, aₙ)</c> of one batch, float64.</summary>
    private static Tensor SumOfPaths(ScoringContext context, MaskedWeights weights, ActivationPattern pattern, PathRange range, Tensor input)
    {
        if (!pattern.IsPerSample(input.size(0))) return Sum(pattern, input);
        Tensor? sum = null;
        long start = 0;
        foreach (var some in Parts(input))
        {
            using var part = pattern.Part(start, some.size(0));
            start += some.size(0);
            sum = sum is null ? Sum(part, some) : sum.add_(Sum(part, some));
        }

        return sum!;

        Tensor Sum(ActivationPattern gates, Tensor samples)
        {
            using var temporaries = NewDisposeScope();
            var evaluation = new PathEvaluation { Weight = weights.Ones, OwnsWeights = true, Pattern = gates, InPlace = true };
            var g = context.Network.Run(evaluation, range.SquaredInput(samples));
            return g.to(float64).sum([0], keepdim: true).MoveToOuterDisposeScope();
        }
    }

    /// <summary>A batch in parts of a few samples: feature maps of a part stay in the caches, and in memory that is used again.</summary>
    private static Tensor[] Parts(Tensor input) => input.split(SamplesInPart);

    /// <summary>Runs f on one batch.</summary>
    private static ActivationPattern Activations(ScoringContext context, MaskedWeights weights, NormPolicy norms, Tensor input)
    {
        using var noGrad = no_grad();
        var pattern = new ActivationPattern();
        try
        {
            using var output = context.Network.Run(new ForwardEvaluation(weights, norms, pattern), input);
            using var finite = output.isfinite();
            using var all = finite.all();
            if (!all.ToBoolean()) throw NotFinite("the network's own output");
            return pattern;
        }
        catch
        {
            pattern.Dispose();
            throw;
        }
    }

    /// <summary>Collects norm moments over all batches, so that every batch is scaled by the same constants.</summary>
    private static void Moments(ScoringContext context, MaskedWeights weights, NormPolicy norms)
    {
        foreach (var (input, _) in context.Batches)
        {
            context.Token.ThrowIfCancellationRequested();
            Activations(context, weights, norms, input).Dispose();
        }
    }

    private static Tensor Gated(ScoringContext context, Tensor[] leaves, NormPolicy norms, ActivationPattern pattern, Tensor squared, bool inPlace)
    {
        using var mode = set_grad_enabled(!inPlace);
        pattern.Rewind();
        var evaluation = new PathEvaluation { Weight = (slot, _) => leaves[slot], Scale = norms.SquaredScale, Pattern = pattern, InPlace = inPlace };
        using var input = squared.clone();
        using var output = context.Network.Run(evaluation, input);
        return output.sum();
    }

    /// <summary>Under autograd gates replace what crosses a boundary; in place they reach every reader. Both must agree.</summary>
    private static void CheckGates(ScoringContext context, Tensor[] leaves, NormPolicy norms, ActivationPattern pattern, Tensor squared, Tensor R)
    {
        using var inPlace = Gated(context, leaves, norms, pattern, squared, inPlace: true);
        double everywhere = inPlace.ToDouble(), replaced = R.ToDouble();
        if (Math.Abs(everywhere - replaced) <= 1e-3 * Math.Abs(everywhere)) return;
        throw new UnsupportedModelException(
            "A ReLU called as a function feeds several places at once, only some of which are modules, so that the joint objective cannot gate them all. "
            + "Make that ReLU a module (torch.nn.ReLU) and call it through call(), or use PxObjective.Decoupled.");
    }

    private static void Differentiate(ScoringContext context, Tensor R, Tensor[] leaves)
    {
        // Nothing flows through a network that is cut in two: every gradient is zero.
        if (!R.requires_grad) return;
        autograd.backward([R], inputs: context.Network.Prunable.Select(slot => leaves[slot.Index]).ToList());
    }

    /// <summary>log₂ of the largest input magnitude.</summary>
    private static double InputPeak(ScoringContext context)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        double peak = context.Batches.Max(batch => Largest(batch.Input));
        if (!double.IsFinite(peak)) throw NotFinite("the pruning data");
        return Math.Log2(Math.Max(peak, double.Epsilon));

        static double Largest(Tensor input)
        {
            using var sizes = NewDisposeScope();
            return input.abs().max().ToDouble();
        }
    }

    private static NonFiniteScoreException NotFinite(string what) => new(
        $"NaN or infinity in {what}. Check the data, the weights and the running statistics of normalisation layers; "
        + "with NormStatistics.Running on a fresh deep network, try NormStatistics.PruningBatch.");
}

using Microsoft.Extensions.Logging;
using Px.Pruning.Engine;
using Px.Pruning.Engine.Norms;
using Px.Pruning.Engine.Paths;
using Px.Pruning.Engine.Weights;
using TorchSharp;
using static TorchSharp.torch;

namespace Px.Pruning.Methods.PathExclusion;

// The bound R of the masked network, differentiated with respect to θ².
internal sealed class PathExclusionRun(ScoringContext context, PathExclusionPruner settings) : MethodRun(context)
{
    private double? growth; // log₂ of the largest path activation of the unpruned network on the data
    private bool isSupported;

    internal override RoundScores Score(ScoringRound round)
    {
        using var scope = NewDisposeScope();
        using var norms = new NormPolicy(settings.NormStatistics);
        var (leaves, exponent) = settings.Objective == PxObjective.Joint
            ? Joint(round)
            : Decoupled(round, norms, dataTerm: settings.Objective != PxObjective.KernelOnly);

        using var noGrad = no_grad();
        return new(new SlotTensors(Network.Prunable, slot => Score(leaves[slot]).MoveToOuterDisposeScope()), exponent);
    }

    // R = Σₖ Gᵏ hᵏ(1, θ², 1) with Gᵏ = Σₙ gᵏ(xₙ², 1, aₙ). This is exact, since h does not depend on the data. G is summed first, without
    // gradients, followed by one forward and backward pass of h. For dense outputs G is a map; without data term it is 1. Returns the
    // leaves θ² ⊙ m with their gradients, and the power of two that was taken out of R.
    internal (SlotTensors Leaves, int Exponent) Decoupled(ScoringRound round, NormPolicy norms, bool dataTerm = true)
    {
        CheckTheory(round.Weights, norms.Statistics);
        if (!dataTerm) CollectNormStatistics(round.Weights, norms);
        var (G, exponent) = dataTerm ? SumActivations(round, norms) : (ones([], float64, Network.Device), 0);

        var leaves = round.Weights.SquaredLeaves(float64);
        using var grad = enable_grad();
        var kernel = new PathEvaluation { Weight = (slot, _) => leaves[slot], Scale = norms.SquaredScale, RawPower = 2 };
        using var input = Network.Sample!.Full(1, float64, Network.Device);
        using var h = Network.Run(kernel, input);
        using var R = (G * h).sum();
        Backward(R, leaves);
        return (leaves, exponent);
    }

    // R = Σₙ Σₖ Σₚ aₚ(xₙ) x²ₙₛ vₚ²: one gated pass with squared weights, squared scales and squared inputs. Returns as Decoupled does.
    private (SlotTensors Leaves, int Exponent) Joint(ScoringRound round)
    {
        CheckTheory(round.Weights, settings.NormStatistics);
        using var norms = new NormPolicy(settings.NormStatistics);
        CollectNormStatistics(round.Weights, norms);

        var wide = round.Weights.SquaredLeaves(float64);
        double bound = PathRange.Growth(Network, (slot, _) => wide[slot], ownsWeights: false, norms.SquaredScale, rawPower: 2);
        var range = PathRange.Choose(bound + 2 * InputPeak(), Network.ComputeType);
        var leaves = range.Type == ScalarType.Float64 ? wide : round.Weights.SquaredLeaves(range.Type);

        foreach (var (input, _) in Context.Batches)
        {
            Context.Token.ThrowIfCancellationRequested();
            using var temporaries = NewDisposeScope();
            using var own = new NormPolicy(settings.NormStatistics);
            using var pattern = Activations(round.Weights, own, input);
            var squared = range.SquaredInput(input);
            var R = Gated(leaves, norms, pattern, squared, inPlace: false);
            if (round.Number == 1) CheckGates(leaves, norms, pattern, squared, R);
            Backward(R, leaves);
        }

        if (Network.Prunable.Any(slot => leaves[slot].grad is { } dR && dR.count_nonzero().ToInt64() > 0)) return (leaves, range.Exponent);
        Context.Logger?.LogWarning(
            Warnings.NoActivePath,
            "Round {Round}: no path is active on the pruning data, so that the path kernel alone decides.", round.Number);
        using var again = new NormPolicy(settings.NormStatistics);
        return Decoupled(round, again, dataTerm: false);
    }

    // Once: whether the network is piecewise linear in the way that the theory asks, and all its gates are seen.
    private void CheckTheory(MaskedWeights weights, NormStatistics statistics)
    {
        if (isSupported) return;
        PathLinearity.Check(Network, weights.SquaredTheta);
        GateCheck.Run(Network, statistics, Context.Batches[0].Input);
        isSupported = true;
    }

    private (Tensor G, int Exponent) SumActivations(ScoringRound round, NormPolicy norms)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        // Masks only remove paths, so that the first round's bound holds for all rounds.
        growth ??= PathRange.Growth(Network, round.Weights.Ones, ownsWeights: true, scale: null, rawPower: 0) + 2 * InputPeak();
        var range = PathRange.Choose(growth.Value, Network.ComputeType);

        // Batch norm on the batch's own statistics needs the whole batch at once; everything else is computed in parts.
        bool whole = !norms.IsFrozen
            && Network.Modules.Any(hooked => hooked.Norm is { IsBatchNorm: true } norm && norm.UsesBatch(norms.Statistics));
        Tensor? sum = null;
        foreach (var (input, _) in Context.Batches)
        {
            using var parts = NewDisposeScope();
            foreach (var part in whole ? [input] : Network.Speed.Parts(input))
            {
                Context.Token.ThrowIfCancellationRequested();
                using var temporaries = NewDisposeScope();
                var seen = Network.ForForwardPass(part);
                using var pattern = Activations(round.Weights, norms, seen);
                var batch = SumOfPaths(round.Weights, pattern, range, seen);
                if (sum is null) sum = batch.MoveToOtherDisposeScope(scope);
                else sum.add_(batch);
            }
        }

        double largest = sum!.max().ToDouble();
        if (!double.IsFinite(largest)) throw NotFinite("the path activations g");
        if (largest == 0)
        {
            // Every score would be 0. The path kernel still ranks weights, and keeps input and output connected.
            Context.Logger?.LogWarning(
                Warnings.NoActivePath,
                "Round {Round}: no path is active on the pruning data, so that every path activation counts as 1.", round.Number);
            return (ones_like(sum).MoveToOuterDisposeScope(), 0);
        }

        // Only ratios between outputs matter: scales the largest to near 1, by a power of two and so without rounding.
        int excess = Math.ILogB(largest);
        var normalized = sum * Math.ScaleB(1, -excess);
        return (normalized.MoveToOuterDisposeScope(), range.Exponent + excess);
    }

    // Σₙ gᵏ(xₙ², 1, aₙ) of one batch, float64.
    private Tensor SumOfPaths(MaskedWeights weights, ActivationPattern pattern, PathRange range, Inputs input)
    {
        if (!pattern.IsPerSample(input.Samples)) return Sum(pattern, input);
        Tensor? sum = null;
        long start = 0;
        foreach (var some in Network.Speed.Parts(input))
        {
            using var part = pattern.Part(start, some.Samples);
            start += some.Samples;
            sum = sum is null ? Sum(part, some) : sum.add_(Sum(part, some));
        }

        return sum!;

        Tensor Sum(ActivationPattern gates, Inputs samples)
        {
            using var temporaries = NewDisposeScope();
            var evaluation = new PathEvaluation { Weight = weights.Ones, OwnsWeights = true, Pattern = gates, InPlace = true };
            var g = Network.Run(evaluation, range.SquaredInput(samples));
            return g.to(float64).sum([0], keepdim: true).MoveToOuterDisposeScope();
        }
    }

    private ActivationPattern Activations(MaskedWeights weights, NormPolicy norms, Inputs input)
    {
        using var noGrad = no_grad();
        var pattern = new ActivationPattern();
        try
        {
            using var output = Network.Run(new ForwardEvaluation(weights, norms, pattern), input);
            using var finite = output.isfinite();
            using var all = finite.all();
            return all.ToBoolean() ? pattern : throw NotFinite("the network's own output");
        }
        catch
        {
            pattern.Dispose();
            throw;
        }
    }

    // Over all batches, so that norm layers are the same constants for every batch.
    private void CollectNormStatistics(MaskedWeights weights, NormPolicy norms)
    {
        foreach (var (input, _) in Context.Batches)
        {
            Context.Token.ThrowIfCancellationRequested();
            Activations(weights, norms, input).Dispose();
        }
    }

    private Tensor Gated(SlotTensors leaves, NormPolicy norms, ActivationPattern pattern, Inputs squared, bool inPlace)
    {
        using var mode = set_grad_enabled(!inPlace);
        pattern.Rewind();
        var evaluation = new PathEvaluation
        {
            Weight = (slot, _) => leaves[slot],
            Scale = norms.SquaredScale,
            RawPower = 2,
            Pattern = pattern,
            InPlace = inPlace,
        };
        using var input = squared.Map(tensor => tensor.clone());
        using var output = Network.Run(evaluation, input);
        return output.sum();
    }

    // Under autograd, gates replace the tensor that crosses a module boundary; in place they also reach its other readers. Both must agree.
    private void CheckGates(SlotTensors leaves, NormPolicy norms, ActivationPattern pattern, Inputs squared, Tensor R)
    {
        using var inPlace = Gated(leaves, norms, pattern, squared, inPlace: true);
        double everywhere = inPlace.ToDouble(), replaced = R.ToDouble();
        if (Math.Abs(everywhere - replaced) <= 1e-3 * Math.Abs(everywhere)) return;
        throw new UnsupportedModelException(
            "A ReLU called as a function feeds several places at once, only some of which are modules, so that the joint objective cannot "
            + "gate them all. Make that ReLU a module (torch.nn.ReLU) and call it through call(), or use PxObjective.Decoupled.");
    }

    // θ² ⊙ ∂R/∂θ² of one leaf θ²; 0 if R does not depend on it.
    private Tensor Score(Tensor thetaSquared)
    {
        var theta2 = thetaSquared.detach().to(float64);
        if (thetaSquared.grad is not { } dR) return zeros_like(theta2).cpu();
        var factor = settings.Weighting == PxWeighting.Squared ? theta2 : theta2.sqrt();
        return (factor * dR.to(float64)).cpu();
    }

    private double InputPeak()
    {
        using var noGrad = no_grad();
        double peak = Context.Batches.Max(batch =>
        {
            using var sizes = NewDisposeScope();
            return batch.Input.Numbers.Max(input => input.abs().max().ToDouble());
        });
        return double.IsFinite(peak) ? Math.Log2(Math.Max(peak, double.Epsilon)) : throw NotFinite("the pruning data");
    }

    private static NonFiniteScoreException NotFinite(string what) => new(
        $"NaN or infinity in {what}. Check the data, the weights and the running statistics of normalisation layers; "
        + "with NormStatistics.Running on a fresh deep network, try NormStatistics.PruningBatch.");
}

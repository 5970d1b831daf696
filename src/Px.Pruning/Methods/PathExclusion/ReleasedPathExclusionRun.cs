using Px.Pruning.Engine;
using Px.Pruning.Engine.Norms;
using Px.Pruning.Engine.Paths;
using Px.Pruning.Engine.Weights;
using TorchSharp;
using static TorchSharp.torch;

namespace Px.Pruning.Methods.PathExclusion;

internal sealed class ReleasedPathExclusionRun(ScoringContext context, bool keepsFunctionalActivations) : MethodRun(context)
{
    internal override RoundScores Score(ScoringRound round)
    {
        using var scope = NewDisposeScope();
        if (round.Number == 1) RawRoles.Find(Network);
        if (round.Number == 1 && !keepsFunctionalActivations) ActivationFreedom.Check(Network, Context.Batches[0].Input);
        var squared = round.Weights.SquaredLeaves(Network.ComputeType);
        using var norms = new DataNorms(NormStatistics.PruningBatch, Network.Speed.IsOn);
        var theta = round.Weights.Leaves(round.Weights.Theta, Network.ComputeType);
        foreach (var (input, _) in Context.Batches)
        {
            Context.Token.ThrowIfCancellationRequested();
            using var temporaries = NewDisposeScope();
            var f = Output(theta, norms, input);
            using var grad = enable_grad();
            var h = Network.Run(new Kernel(squared), input);
            Backward((f * h).sum(), squared);
        }

        using var noGrad = no_grad();
        return new(new SlotTensors(Network.Prunable, slot => Score(squared[slot]).MoveToOuterDisposeScope()));
    }

    private Tensor Output(SlotTensors theta, DataNorms norms, Inputs input)
    {
        using var noGrad = no_grad();
        return Network.Run(new GradientEvaluation(slot => theta[slot], norms), input);
    }

    // |∂R/∂θ²| |θ|⁵ of one leaf θ².
    private static Tensor Score(Tensor thetaSquared)
    {
        using var scope = NewDisposeScope();
        if (thetaSquared.grad is not { } dR) return zeros_like(thetaSquared, float64).cpu().MoveToOuterDisposeScope();
        return (dR.to(float64).abs() * thetaSquared.detach().to(float64).pow(2.5)).cpu().MoveToOuterDisposeScope();
    }

    // h: squared weights, biases and raw tensors, activations as the identity, gates as 1, norm layers in training mode with γ and β,
    // max-pooling on its own values.
    private sealed class Kernel(SlotTensors squared) : Evaluation
    {
        internal override bool Replaces(HookedModule hooked) =>
            hooked.Weighted is not null || hooked.Norm is not null || hooked.IsRelu || hooked.IsOtherActivation || hooked.IsGate;

        internal override Tensor? Value(RawTensor raw, ScalarType dtype)
        {
            using var own = raw.Tensor.detach();
            using var value = own.to(dtype);
            return value.square();
        }

        internal override Tensor Compute(HookedModule hooked, Tensor input)
        {
            if (hooked.Norm is { } norm) return norm.NormalizeBatch(input);
            if (hooked.IsGate) return ones_like(input);
            if (hooked.Weighted is not { } layer) return input.clone();
            using var bias = layer.Bias?.detach().to(input.dtype).square();
            return layer.Apply(input, squared[layer.Slot], bias);
        }
    }
}

// Checks that all activations of the network are modules. Without them, biases and norms it is then linear: negating the input must negate
// the output of every module. Max-pooling modules select the same positions both times.
internal static class ActivationFreedom
{
    private const double Tolerance = 1e-6;

    internal static void Check(Network network, Inputs input)
    {
        ClosedModules.Refuse(network);
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        using var weights = new MaskedWeights(network, null);
        using var pattern = new ActivationPattern();
        var sample = input.Narrow(0, 1).MapNumbers(numbers => numbers.to(ScalarType.Float64));
        var plus = new LinearPart(network, weights, pattern, record: true);
        var minus = new LinearPart(network, weights, pattern, record: false);
        network.Run(plus, sample);
        network.Run(minus, sample.MapNumbers(numbers => numbers.neg()));
        foreach (var ((hooked, there), (_, back)) in plus.Sums.Zip(minus.Sums))
        {
            if (Math.Abs(there.Sum + back.Sum) <= Tolerance * (there.Magnitude + back.Magnitude)) continue;
            throw new UnsupportedModelException(
                $"The forward of {(hooked.Name.Length == 0 ? "the model itself" : $"'{hooked.Name}'")} is not linear once its activation "
                + "modules are taken out: an activation or a max-pooling is called as a function. The released variant of PX removes "
                + "activations, which must therefore be modules (torch.nn.ReLU, torch.nn.MaxPool2d) called through call(). "
                + "KeepsFunctionalActivations leaves them on instead; PathExclusionPruner follows most of them.")
            { Module = hooked.Name };
        }
    }

    // The network without biases and activations, norm layers as the identity.
    private sealed class LinearPart(Network network, MaskedWeights weights, ActivationPattern pattern, bool record) : Evaluation
    {
        internal List<(HookedModule Layer, (double Sum, double Magnitude) Output)> Sums { get; } = [];

        internal override bool Replaces(HookedModule hooked) =>
            hooked.Weighted is not null || hooked.Norm is not null || hooked.IsRelu || hooked.IsOtherActivation || hooked.IsGate
                || hooked.IsMaxPool;

        internal override Tensor? Value(RawTensor raw, ScalarType dtype) =>
            raw.Role == RawTensorRole.Shift ? raw.OnPaths(1, dtype) : raw.As(dtype);

        internal override Tensor Compute(HookedModule hooked, Tensor input)
        {
            if (hooked.IsMaxPool) return Pool(hooked, input);
            if (hooked.IsGate) return ones_like(input);
            if (hooked.Weighted is not { } layer) return input.clone();
            using var theta = weights.Theta(layer.Slot, input.dtype);
            return layer.Apply(input, theta, null);
        }

        internal override Tensor? Leave(HookedModule hooked, int step, Tensor output)
        {
            if (!network.ShowsPaths(hooked)) return null;
            using var magnitude = output.abs().sum();
            Sums.Add((hooked, (output.sum().ToDouble(), magnitude.ToDouble())));
            return null;
        }

        private Tensor Pool(HookedModule hooked, Tensor input)
        {
            if (!record) return PathEvaluation.Gather(input, pattern.NextIndices());
            var (output, indices) = hooked.PoolWithIndices(input);
            pattern.AddIndices(indices);
            return output;
        }
    }
}

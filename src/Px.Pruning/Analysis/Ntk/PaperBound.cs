using Px.Pruning.Engine;
using Px.Pruning.Engine.Norms;
using Px.Pruning.Engine.Paths;
using Px.Pruning.Engine.Wiring;
using Px.Pruning.Methods.PathExclusion;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Px.Pruning.Analysis.Ntk;

// The bound on the trace that Path eXclusion prunes by, and the modules to which the proof of trace ≤ bound does not apply. The proof
// writes fₖ = Σₚ aₚ xₛ vₚ and applies the Cauchy inequality over paths. Additive constants ahead of a weight are paths that do not start at
// the input; a maximum may keep another path of a window than the path kernel's maximum; an activation that is not homogeneous is not a
// factor of a path; statistics of single samples, and gates that multiply, are different factors for each sample.
internal static class PaperBound
{
    // Σ ∂R/∂θ² over the kept weights.
    internal static double Value(NtkJacobian jacobian)
    {
        Gates.Find(jacobian.Context.Network, jacobian.Context.Token);
        using var run = new PathExclusionRun(jacobian.Context, new PathExclusionPruner());
        var (leaves, exponent) = run.Decoupled(jacobian.Round, jacobian.Norms);
        using var noGrad = no_grad();
        double sum = jacobian.Selected.Sum(slot =>
            leaves[slot].grad is { } dR ? jacobian.Round.Weights.Mask(slot, dR).sum().ToDouble() : 0);
        return Math.ScaleB(sum, exponent);
    }

    // The names of the modules to which the proof does not apply, in calling order, and of a tensor that the model's own code adds.
    internal static IReadOnlyList<string> Exceptions(NtkJacobian jacobian)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var calls = new List<HookedModule>();
        var network = jacobian.Context.Network;
        RawRoles.Find(network);
        var recorder = new PathEvaluation
        {
            Weight = jacobian.Round.Weights.Ones, OwnsWeights = true, Observer = (hooked, _, _) => calls.Add(hooked),
        };
        network.Run(recorder, network.Sample!.Full(1, network.ComputeType, network.Device));

        // A constant behind the last weight changes no gradient.
        int last = calls.FindLastIndex(hooked => hooked.Weighted is not null);
        var modules = calls.Where((hooked, at) => IsException(hooked, at < last, jacobian.Norms)).Select(hooked => hooked.Name).Distinct();
        return network.Raw.Shift is { } shift ? [.. modules, shift.Name] : [.. modules];
    }

    private static bool IsException(HookedModule hooked, bool aheadOfAWeight, NormPolicy norms) =>
        hooked.IsMaxPool || hooked.IsGate
        || (hooked.IsOtherActivation && hooked.Module is not (LeakyReLU or PReLU))
        || (hooked.Norm is { IsBatchNorm: false } own && own.UsesBatch(norms.Statistics))
        || (aheadOfAWeight && (hooked.Norm is { } norm ? norms.Shifts(norm) : hooked.Weighted?.Bias is { } bias && AnyOf(bias)));

    private static bool AnyOf(Tensor bias)
    {
        using var any = bias.detach().count_nonzero();
        return any.ToInt64() > 0;
    }
}

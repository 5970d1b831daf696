using Px.Pruning.Probing;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Px.Pruning.Analysis;

/// <summary>Finds what keeps the proof of trace ≤ bound from holding for a network that Path eXclusion accepts.</summary>
/// <remarks>
/// The proof writes <c>fₖ = Σₚ aₚ xₛ vₚ</c> and takes Cauchy's inequality over paths. Additive constants ahead of a weight are paths that
/// start elsewhere; a maximum keeps one path of a window where the path kernel's own maximum keeps another; an activation that is not
/// homogeneous is no factor of a path; statistics of single samples are other factors for each.
/// </remarks>
internal static class NtkTheorem
{
    /// <summary>The names of the modules that do, in calling order.</summary>
    internal static IReadOnlyList<string> Exceptions(NtkJacobian jacobian)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var calls = new List<Site>();
        var network = jacobian.Context.Network;
        var recorder = new PathEvaluation { Weight = jacobian.Weights.Ones, OwnsWeights = true, Observer = (site, _, _) => calls.Add(site) };
        network.Run(recorder, ones([1, .. network.SampleShape!], network.ComputeType, network.Device));

        // Behind the last weight a constant is in nobody's way.
        int last = calls.FindLastIndex(site => site.Weighted is not null);
        return [.. calls.Where((site, at) => IsException(site, at < last, jacobian.Norms)).Select(site => site.Name).Distinct()];
    }

    private static bool IsException(Site site, bool aheadOfAWeight, NormPolicy norms) =>
        site.IsMaxPool
        || (site.IsSmoothActivation && site.Module is not (LeakyReLU or PReLU))
        || (site.Norm is { IsBatchNorm: false } own && own.UsesBatch(norms.Statistics))
        || (aheadOfAWeight && (site.Norm is { } norm ? norms.Shifts(norm) : site.Weighted?.Bias is { } bias && AnyOf(bias)));

    private static bool AnyOf(Tensor bias)
    {
        using var any = bias.detach().count_nonzero();
        return any.ToInt64() > 0;
    }
}

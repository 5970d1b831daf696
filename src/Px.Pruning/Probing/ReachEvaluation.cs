using static TorchSharp.torch;

namespace Px.Pruning.Probing;

/// <summary>The network of paths, with 1 after each layer wherever a path of kept weights arrives and 0 elsewhere, so that nothing can overflow.</summary>
internal sealed class ReachEvaluation : PathEvaluation
{
    internal override Tensor Compute(Site site, Tensor input)
    {
        var output = base.Compute(site, input);
        if (site.Weighted is null) return output;
        using var sums = output;
        using var reached = sums.gt(0);
        return reached.to(input.dtype);
    }
}

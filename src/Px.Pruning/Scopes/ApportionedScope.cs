using Px.Pruning.Masking;
using static TorchSharp.torch;

namespace Px.Pruning.Scopes;

/// <summary>Divides the weights to keep among the layers by their shapes, and lets each layer rank its own.</summary>
/// <param name="name">What the mask's metadata calls the scope.</param>
/// <param name="share">From a weight's shape, a number that its count shall be in proportion to; above 0 where there are weights.</param>
internal sealed class ApportionedScope(string name, Func<long[], long> share) : PruningScope
{
    internal override IReadOnlyList<Tensor> Select(IReadOnlyList<ScoredParameter> parameters, KeepCount keep, IReadOnlyList<long> floors)
    {
        var alive = parameters.Select(p => MaskTensors.CountTrue(p.Alive)).ToArray();
        var shares = parameters.Select(p => share(p.Scores.shape)).ToArray();
        long count = Math.Min(keep.Of(parameters.Sum(p => p.Scores.numel())), alive.Sum());
        return TopK.SelectEach(parameters, Apportionment.Divide(count, shares, floors, alive));
    }

    public override string ToString() => name;
}

using static TorchSharp.torch;

namespace Px.Pruning.Scopes;

internal sealed class LayerWiseScope : PruningScope
{
    internal override IReadOnlyList<Tensor> Select(IReadOnlyList<ScoredParameter> parameters, double density)
    {
        using var masks = NewDisposeScope();
        return parameters
            .Select(p => TopK.Select([p], KeepCount.Round(density, p.Scores.numel()))[0])
            .ToList() // all of them, before the first one leaves the scope
            .ConvertAll(mask => mask.MoveToOuterDisposeScope());
    }

    public override string ToString() => "layer-wise";
}

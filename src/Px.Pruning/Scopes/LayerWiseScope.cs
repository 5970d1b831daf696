using static TorchSharp.torch;

namespace Px.Pruning.Scopes;

internal sealed class LayerWiseScope : PruningScope
{
    internal override IReadOnlyList<Tensor> Select(IReadOnlyList<ScoredParameter> parameters, KeepCount keep, IReadOnlyList<long> floors)
    {
        // What a floor adds to one layer another must give, which no ranking of a layer by itself can know.
        if (floors.Any(floor => floor > 0)) return Uniform.Select(parameters, keep, floors);
        return TopK.SelectEach(parameters, [.. parameters.Select(p => keep.Of(p.Scores.numel()))]);
    }

    public override string ToString() => "layer-wise";
}

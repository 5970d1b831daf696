using static TorchSharp.torch;

namespace Px.Pruning.Scopes;

internal sealed class GlobalScope : PruningScope
{
    internal override IReadOnlyList<Tensor> Select(IReadOnlyList<ScoredParameter> parameters, double density) =>
        TopK.Select(parameters, KeepCount.Round(density, parameters.Sum(p => p.Scores.numel())));

    public override string ToString() => "global";
}

using static TorchSharp.torch;

namespace Px.Pruning.Scopes;

internal sealed class GlobalScope : PruningScope
{
    internal override IReadOnlyList<Tensor> Select(IReadOnlyList<ScoredParameter> parameters, KeepCount keep, IReadOnlyList<long> floors)
    {
        long count = keep.Of(parameters.Sum(p => p.Scores.numel()));
        return floors.All(floor => floor == 0) ? TopK.Select(parameters, count) : Select(parameters, count, floors);
    }

    /// <summary>Each layer's floor from its own ranking, and the rest from one ranking of all that is then left.</summary>
    private static List<Tensor> Select(IReadOnlyList<ScoredParameter> parameters, long count, IReadOnlyList<long> floors)
    {
        using var temporaries = NewDisposeScope();
        var reserved = parameters.Select((p, i) => TopK.Select([p], floors[i])[0]).ToList();
        var left = parameters.Select((p, i) => p with { Alive = p.Alive.logical_and(reserved[i].logical_not()) }).ToList();
        var others = TopK.Select(left, count - floors.Sum());
        var masks = reserved.Zip(others, (floor, other) => floor.logical_or(other)).ToList();
        return masks.ConvertAll(mask => mask.MoveToOuterDisposeScope());
    }

    public override string ToString() => "global";
}

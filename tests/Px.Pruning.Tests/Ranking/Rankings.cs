using Px.Pruning.Ranking;
using static TorchSharp.torch;

namespace Px.Pruning.Tests.Ranking;

/// <summary>Scores to rank, and the slow way to rank them.</summary>
internal static class Rankings
{
    public static ScoredParameter Scored(string name, double[] scores, int[]? alive = null) =>
        new(name, tensor(scores), alive is null ? ones(scores.Length, dtype: ScalarType.Bool) : tensor(alive.Select(a => a == 1).ToArray()));

    /// <summary>Random scores in a weight's shape, of which few are equal; every weight is alive.</summary>
    public static ScoredParameter Random(string name, long[] shape, Random random)
    {
        var scores = Enumerable.Range(0, (int)shape.Aggregate(1L, (a, b) => a * b)).Select(_ => (double)random.Next(1000)).ToArray();
        return new(name, scores.Length == 0 ? zeros(shape, ScalarType.Float64) : tensor(scores).reshape(shape), ones(shape, ScalarType.Bool));
    }

    /// <summary>The same scores in a weight's shape.</summary>
    public static ScoredParameter In(this ScoredParameter parameter, params long[] shape) =>
        parameter with { Scores = parameter.Scores.reshape(shape), Alive = parameter.Alive.reshape(shape) };

    /// <summary>What a scope keeps, rounded.</summary>
    public static IReadOnlyList<Tensor> Select(this PruningScope scope, IReadOnlyList<ScoredParameter> parameters, double density) =>
        scope.Select(parameters, new KeepCount(density));

    public static long Kept(this Tensor mask) => mask.bytes.ToArray().Count(b => b == 1);

    public static byte[] StableSort(IReadOnlyList<ScoredParameter> parameters, int count)
    {
        var scores = parameters.Where(p => p.Scores.numel() > 0).SelectMany(p => p.Scores.data<double>().ToArray()).ToArray();
        var alive = parameters.SelectMany(p => p.Alive.bytes.ToArray()).ToArray();
        var kept = new byte[scores.Length];
        foreach (var i in Enumerable.Range(0, scores.Length).Where(i => alive[i] == 1).OrderByDescending(i => scores[i]).Take(count)) // stable
            kept[i] = 1;
        return kept;
    }
}

namespace Px.Benchmarks.Comparison;

/// <summary>One side of the comparison inside a worker: it prunes its own copy of the same network.</summary>
internal interface ISide
{
    /// <summary>The network as loaded, every weight kept.</summary>
    void Reset();

    /// <summary>Prunes, and answers the seconds from the start to the end of each round, and to the end.</summary>
    IReadOnlyList<double> Prune(Contest contest, int rounds, double sparsity);
}

using Px.Experiments.Results;
using Px.Pruning;

namespace Px.Experiments.Running;

/// <summary>What pruning gave, and what it took. Owns the result.</summary>
/// <param name="Result">The mask, bound to the network.</param>
/// <param name="Rounds">The rounds that were run.</param>
/// <param name="Seconds">Seconds of each timed run.</param>
internal sealed record PrunedNetwork(PruningResult Result, int Rounds, IReadOnlyList<double> Seconds) : IDisposable
{
    /// <summary>The plain numbers of it.</summary>
    /// <param name="maskFile">The file of the mask.</param>
    public PruningOutcome Outcome(string maskFile)
    {
        var report = Result.Report;
        return new PruningOutcome
        {
            Rounds = Rounds,
            Seconds = Seconds,
            MaskFile = maskFile,
            Kept = report.Kept,
            Total = report.Total,
            DenseFlops = report.DenseFlops,
            Flops = report.Flops,
            OutputsReached = report.OutputsReached,
            Outputs = report.Outputs,
            Layers = [.. report.Layers.Select(layer => new LayerOutcome
            {
                Name = layer.Name, Kept = layer.Kept, Total = layer.Total, UnitsAlive = layer.UnitsAlive, Units = layer.Units,
            })],
        };
    }

    public void Dispose() => Result.Dispose();
}

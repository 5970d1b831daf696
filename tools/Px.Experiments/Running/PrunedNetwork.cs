using Px.Experiments.Results;
using Px.Pruning;
using Px.Pruning.Analysis;

namespace Px.Experiments.Running;

/// <summary>What pruning gave, and what it took. Owns the result.</summary>
/// <param name="Result">The mask, bound to the network.</param>
/// <param name="Rounds">The rounds that were run.</param>
/// <param name="Seconds">Seconds of each timed run.</param>
internal sealed record PrunedNetwork(PruningResult Result, int Rounds, IReadOnlyList<double> Seconds) : IDisposable
{
    /// <summary>The plain numbers of it.</summary>
    /// <param name="analysis">What the mask leaves of the network.</param>
    /// <param name="maskFile">The file that the mask was written to.</param>
    public PruningOutcome Outcome(NetworkAnalysis analysis, string maskFile) => new()
    {
        Rounds = Rounds,
        Seconds = Seconds,
        MaskFile = Path.GetFileName(maskFile),
        MaskHash = MaskCheck.HashOf(maskFile),
        Kept = Result.Mask.Kept,
        Total = Result.Mask.Total,
        Effective = analysis.Effective,
        DenseFlops = analysis.DenseFlops,
        Flops = analysis.Flops,
        EffectiveFlops = analysis.EffectiveFlops,
        OutputsReached = analysis.Outputs - analysis.DeadOutputs?.Count,
        Outputs = analysis.DeadOutputs is null ? null : analysis.Outputs,
        Findings = [.. analysis.Diagnosis.Findings.Select(finding => finding.ToString())],
        Layers =
        [
            .. analysis.Layers.Where(layer => Result.Mask.Contains(layer.Name)).Select(layer => new LayerOutcome
            {
                Name = layer.Name,
                Kept = layer.Kept,
                Total = layer.Total,
                UnitsAlive = layer.UnitsAlive,
                Units = layer.Units,
                Effective = layer.Effective,
                UnitsEffective = layer.UnitsEffective,
            }),
        ],
    };

    public void Dispose() => Result.Dispose();
}

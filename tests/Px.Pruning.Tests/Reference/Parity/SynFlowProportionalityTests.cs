using TorchSharp;
using static TorchSharp.torch;

namespace Px.Pruning.Tests.Reference.Parity;

/// <summary>Law: with an unpruned classifier all Gᵏ are equal, so that Eq. 9 with running statistics is SynFlow-L2 times a constant.</summary>
public class SynFlowProportionalityTests
{
    [Fact]
    public void Score_FirstRoundOnRunningStatistics_IsProportionalToTheOraclesSynFlowL2()
    {
        var golden = GoldenFile.Load("plain-convnet-synflow-l2");
        using var problem = ReferenceProblem.Create(golden, ScalarType.Float64);
        var pruner = new PathExclusionPruner { NormStatistics = NormStatistics.Running };

        using var scores = pruner.Score(problem.Model, PruningData.From(problem.Batches), options: new PruningOptions { Data = DataBudget.All });

        var ratios = golden.FirstRound.Layers.SelectMany(layer =>
        {
            var values = ScoreComparison.Values(scores, layer.Name);
            return layer.Indices.Zip(layer.Values, (index, flow) => values[index] / flow);
        }).ToList();
        ratios.Should().HaveCountGreaterThan(100);
        ((ratios.Max() - ratios.Min()) / ratios.Average()).Should().BeLessThan(1e-12);
    }
}

using Px.Pruning.Tests.Networks;
using Px.Pruning.Tests.Reference.Paths;
using TorchSharp;
using static TorchSharp.torch;

namespace Px.Pruning.Tests.Reference.Parity;

/// <summary>Path eXclusion against the list of all paths of tiny networks.</summary>
public class EnumerationParityTests
{
    public static TheoryData<string, bool> Cases()
    {
        var data = new TheoryData<string, bool>();
        foreach (var name in TinyNetwork.Names)
        {
            data.Add(name, false);
            data.Add(name, true);
        }
        return data;
    }

    [Theory, MemberData(nameof(Cases))]
    public void Forward_TinyNetwork_EqualsItsGraph(string name, bool masked)
    {
        using var scope = NewDisposeScope();
        using var tiny = TinyNetwork.Create(name, shifts: !masked);
        var paths = new PathEnumeration(tiny.Graph);

        var outputs = tiny.Model.call(tiny.Batch().Input).data<double>().ToArray();

        Equal(outputs, tiny.Samples.SelectMany(paths.Evaluate).ToArray(), "output");
    }

    [Theory, MemberData(nameof(Cases))]
    public void Score_Decoupled_EqualsTheSumOverAllPaths(string name, bool masked) =>
        Compare(name, masked, new PathExclusionPruner { NormStatistics = NormStatistics.Running }, (paths, samples) => paths.Scores(samples));

    [Theory, MemberData(nameof(Cases))]
    public void Score_DecoupledAbsolute_EqualsTheSumOverAllPaths(string name, bool masked) =>
        Compare(
            name, masked, new PathExclusionPruner { NormStatistics = NormStatistics.Running, Weighting = PxWeighting.Absolute },
            (paths, samples) => paths.Gradient(samples).Zip(paths.Theta, (dR, theta) => Math.Abs(theta) * dR).ToArray());

    [Theory, MemberData(nameof(Cases))]
    public void Score_Joint_EqualsTheSumOverAllPaths(string name, bool masked) =>
        Compare(
            name, masked, new PathExclusionPruner { NormStatistics = NormStatistics.Running, Objective = PxObjective.Joint },
            (paths, samples) => paths.JointScores(samples));

    private static void Compare(string name, bool masked, PathExclusionPruner pruner, Func<PathEnumeration, double[][], double[]> scores)
    {
        using var scope = NewDisposeScope();
        using var tiny = TinyNetwork.Create(name);
        var kept = masked ? tiny.SomeMask() : null;
        using var mask = kept is null ? null : tiny.Mask(kept);
        var expected = scores(new PathEnumeration(tiny.Graph, kept), tiny.Samples);

        using var actual = pruner.Score(tiny.Model, PruningData.From([tiny.Batch()]), mask, new PruningOptions { Data = DataBudget.All });

        actual.Names.Should().Equal(tiny.Layers.Select(layer => layer.Name));
        foreach (var (layer, first, count) in tiny.Layers)
            Equal(ScoreComparison.Values(actual, layer), expected[first..(first + count)], layer);
    }

    private static void Equal(double[] actual, double[] expected, string what)
    {
        actual.Should().HaveSameCount(expected);
        for (var i = 0; i < actual.Length; i++)
            ScoreComparison.Close(actual[i], expected[i], Tolerance.Float64 * Math.Abs(expected[i]), $"{what}[{i}]");
    }
}

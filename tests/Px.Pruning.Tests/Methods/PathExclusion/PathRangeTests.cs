using Px.Pruning.Models;
using Px.Pruning.Tests.Networks;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Px.Pruning.Tests.Methods.PathExclusion;

/// <summary>Path sums grow with depth past float32 and past float64; the scores stay finite and right.</summary>
public class PathRangeTests
{
    [Fact]
    public void Score_ResNetOfFloat32WhoseActivationsOverflowFloat32_EqualsTheFloat64Model()
    {
        using var scope = NewDisposeScope();
        var options = new CifarResNetOptions { Depth = 56, InputChannels = 1, Seed = 1 };
        using var narrow = CifarResNet.Create(options);
        using var wide = CifarResNet.Create(options).to(float64);
        var data = PruningData.From([Samples.Normal(4, [1, 28, 28], 10)]);
        var pruner = new PathExclusionPruner { NormStatistics = NormStatistics.Running };

        using var expected = pruner.Score(wide, data);
        using var scores = pruner.Score(narrow, data);

        expected.Exponent.Should().BeGreaterThan(127, "float32 ends at 2^127, and the scores are G times what is left");
        foreach (string name in expected.Names)
        {
            var found = scores[name] * Math.ScaleB(1, scores.Exponent - expected.Exponent);
            found.allclose(expected[name], 1e-3, 0).Should().BeTrue(name);
        }
    }

    [Fact]
    public void Score_NetworkWhoseActivationsOverflowFloat64_ConservesItsScores()
    {
        using var scope = NewDisposeScope();
        manual_seed(1);
        const int depth = 190;
        var layers = Enumerable.Range(0, depth)
            .SelectMany(i => new Module<Tensor, Tensor>[] { Conv2d(i == 0 ? 1 : 8, 8, 3, padding: 1, bias: false), ReLU() })
            .Append(Flatten()).Append(Linear(8 * 9, 2)).ToArray();
        using var model = Sequential(layers).to(float64);
        using var input = ones(2, 1, 3, 3, float64);

        using var scores = new PathExclusionPruner().Score(model, PruningData.From([(input, zeros(2, int64))]));

        scores.Exponent.Should().BeGreaterThan(0);
        var sums = scores.Names.Select(name => scores[name].sum().ToDouble()).ToList();
        sums.Should().HaveCount(depth + 1).And.OnlyContain(sum => double.IsFinite(sum) && Math.Abs(sum - sums[0]) <= 1e-9 * sums[0]);
    }
}

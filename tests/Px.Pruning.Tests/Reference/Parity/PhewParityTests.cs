using System.Globalization;
using static TorchSharp.torch;

namespace Px.Pruning.Tests.Reference.Parity;

/// <summary>PHEW against Oracle/phew.py, which walks by hand-written maps of the networks and shares nothing but the random numbers.</summary>
public class PhewParityTests
{
    public static TheoryData<string> Cases => ["phew-plain-convnet-0.9", "phew-norm-free-0.9", "phew-norm-free-0.02", "phew-resnet20-0.98"];

    [Theory, MemberData(nameof(Cases))]
    public void Prune_SameRandomNumbers_KeepsExactlyTheOraclesWeights(string name)
    {
        foreach (var type in new[] { ScalarType.Float64, ScalarType.Float32 })
        {
            var golden = GoldenFile.Load("Walks/" + name);
            using var problem = ReferenceProblem.Create(golden, type);
            var options = new PruningOptions { Seed = long.Parse(golden.Settings["walk_seed"], CultureInfo.InvariantCulture) };

            using var result = new PhewPruner().Prune(problem.Model, PruningData.Shape(golden.InputShape), golden.Sparsity, options);

            result.Mask.Names.Should().Equal(golden.Prunable);
            result.Mask.Names.Select(result.Mask.KeptIn).Should().Equal(golden.Kept[0]);
            GoldenMask.Flatten(result.Mask).SequenceEqual(golden.Unpack(golden.Mask!)).Should().BeTrue("the masks must agree in every weight");
        }
    }
}

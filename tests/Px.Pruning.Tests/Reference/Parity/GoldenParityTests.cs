using Px.Pruning.Engine;
using Px.Pruning.Ranking;
using static TorchSharp.torch;

namespace Px.Pruning.Tests.Reference.Parity;

/// <summary>
/// The library against the independent implementation in Oracle/, on the same weights and inputs, in float64: score by score and mask by mask.
/// <see cref="SinglePrecisionTests"/> has float32.
/// </summary>
public class GoldenParityTests
{
    public static TheoryData<string> Cases() => new(ReferencePruners.Cases());

    public static TheoryData<string> LastRoundCases() => new(ReferencePruners.Cases().Where(name => GoldenFile.Load(name).HasMasks));

    [Theory, MemberData(nameof(Cases))]
    public void Score_FirstRound_EqualsTheOracle(string name)
    {
        var golden = GoldenFile.Load(name);
        using var problem = ReferenceProblem.Create(golden, ScalarType.Float64);

        var options = ReferencePruners.Options(golden);
        using var scores = ReferencePruners.Create(golden).Score(problem.Model, PruningData.From(problem.Batches), options: options);

        AssertEqual(scores, golden.FirstRound, golden);
    }

    [Theory, MemberData(nameof(LastRoundCases))]
    public void Score_OnTheMaskOfNineRounds_EqualsTheOracle(string name)
    {
        var golden = GoldenFile.Load(name);
        using var problem = ReferenceProblem.Create(golden, ScalarType.Float64);
        using var mask = GoldenMask.Create(golden, golden.MaskBeforeLastRound!);

        var pruner = ReferencePruners.Create(golden, roundsBefore: golden.Kept.Length - 1);
        using var scores = pruner.Score(problem.Model, PruningData.From(problem.Batches), mask, ReferencePruners.Options(golden));

        AssertEqual(scores, golden.LastRound!, golden);
    }

    [Theory, MemberData(nameof(Cases))]
    public void Prune_TenRoundsInFloat64_KeepsExactlyTheOraclesWeights(string name)
    {
        var golden = GoldenFile.Load(name);
        using var problem = ReferenceProblem.Create(golden, ScalarType.Float64);
        // Nearer than this to a tie, rounding would decide and equality would be luck. Magnitudes are not rounded: of equal ones the first stays.
        golden.Margins.Should().HaveCount(golden.Kept.Length).And.OnlyContain(margin => margin > 1e-9 || golden.Method == "magnitude");

        var options = ReferencePruners.Options(golden);
        using var result = ReferencePruners.Create(golden).Prune(problem.Model, PruningData.From(problem.Batches), golden.Sparsity, options);

        result.Mask.Names.Select(result.Mask.KeptIn).Should().Equal(golden.Kept[^1]);
        if (golden.Mask is { } packed)
            GoldenMask.Flatten(result.Mask).SequenceEqual(golden.Unpack(packed)).Should().BeTrue("the masks must agree in every weight");
        else
            GoldenMask.Digest(result.Mask).Should().Be(golden.MaskSha256, "the masks must agree in every weight");
    }

    [Fact]
    public void TruncatedCases_InSomeRound_KeepAnotherNumberThanRounding()
    {
        var all = ReferencePruners.Cases().Select(GoldenFile.Load);
        var truncated = all.Where(golden => ReferencePruners.Options(golden).Counting == WeightCounting.Truncated).ToList();

        string[] networks = ["plain-convnet", "resnet20"], methods = ["synflow", "px-released", "ntk-sap"];
        truncated.Select(golden => (golden.Network, golden.Method)).Should().BeEquivalentTo(
            from network in networks from method in methods select (network, method));
        foreach (var golden in truncated)
        {
            var total = golden.Prunable.Sum(golden.Size);
            var plan = SparsitySchedule.Exponential.Plan(golden.Rounds, 1 - golden.Sparsity);
            var rounded = plan.Select(density => new KeepCount(density).Of(total));
            golden.Kept.Select(layers => layers.Sum()).Should().NotEqual(rounded, golden.Network);
        }
    }

    private static void AssertEqual(PruningScores scores, GoldenScores expected, GoldenFile golden)
    {
        var family = ReferencePruners.Family(golden);
        scores.Names.Should().Equal(expected.Layers.Select(layer => layer.Name));
        ScoreComparison.AssertEqual(layer => ScoreComparison.Values(scores, layer), expected, Tolerance.Of(family), family);
    }
}

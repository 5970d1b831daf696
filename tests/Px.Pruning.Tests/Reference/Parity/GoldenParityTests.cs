using Px.Pruning.Scopes;
using TorchSharp;
using static TorchSharp.torch;

namespace Px.Pruning.Tests.Reference.Parity;

/// <summary>The library against the independent implementation in Oracle/, on the same weights and inputs.</summary>
public sealed class GoldenParityTests
{
    public static TheoryData<string, ScalarType> ScoreCases() => InBothTypes(ReferencePruners.Cases());

    public static TheoryData<string, ScalarType> LastRoundCases() => InBothTypes(ReferencePruners.Cases().Where(name => GoldenFile.Load(name).HasMasks));

    public static TheoryData<string> MaskCases() => new(ReferencePruners.Cases());

    [Theory, MemberData(nameof(ScoreCases))]
    public void Score_FirstRound_EqualsTheOracle(string name, ScalarType type)
    {
        var golden = GoldenFile.Load(name);
        using var problem = ReferenceProblem.Create(golden, type);

        using var scores = ReferencePruners.Create(golden).Score(problem.Model, PruningData.From(problem.Batches), options: Options(golden));

        AssertEqual(scores, golden.FirstRound, golden, type);
    }

    [Theory, MemberData(nameof(LastRoundCases))]
    public void Score_OnTheMaskOfNineRounds_EqualsTheOracle(string name, ScalarType type)
    {
        var golden = GoldenFile.Load(name);
        using var problem = ReferenceProblem.Create(golden, type);
        using var mask = GoldenMask.Create(golden, golden.MaskBeforeLastRound!);

        var pruner = ReferencePruners.Create(golden, roundsBefore: golden.Rounds - 1);
        using var scores = pruner.Score(problem.Model, PruningData.From(problem.Batches), mask, Options(golden));

        AssertEqual(scores, golden.LastRound!, golden, type);
    }

    [Theory, MemberData(nameof(MaskCases))]
    public void Prune_TenRoundsInFloat64_KeepsExactlyTheOraclesWeights(string name)
    {
        var golden = GoldenFile.Load(name);
        using var problem = ReferenceProblem.Create(golden, ScalarType.Float64);
        // Nearer than this to a tie, rounding would decide and equality would be luck. Magnitudes are not rounded: of equal ones the first stays.
        golden.Margins.Should().HaveCount(golden.Rounds).And.OnlyContain(margin => margin > 1e-9 || golden.Method == "magnitude");

        using var result = ReferencePruners.Create(golden).Prune(problem.Model, PruningData.From(problem.Batches), golden.Sparsity, Options(golden));

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
        var truncated = all.Where(golden => Counting(golden) == WeightCounting.Truncated).ToList();

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

    private static WeightCounting Counting(GoldenFile golden) => golden.Counting switch
    {
        null => WeightCounting.Rounded,
        "truncated" => WeightCounting.Truncated,
        var other => throw new InvalidDataException($"Unknown counting '{other}'."),
    };

    private static TheoryData<string, ScalarType> InBothTypes(IEnumerable<string> names)
    {
        var data = new TheoryData<string, ScalarType>();
        foreach (var name in names)
        {
            data.Add(name, ScalarType.Float64);
            data.Add(name, ScalarType.Float32);
        }
        return data;
    }

    private static void AssertEqual(PruningScores scores, GoldenScores expected, GoldenFile golden, ScalarType type)
    {
        var family = ReferencePruners.Family(golden);
        ScoreComparison.AssertEqual(scores, expected, Tolerance.Of(type, family), family);
    }

    private static PruningOptions Options(GoldenFile golden) => new()
    {
        Rounds = golden.Rounds,
        Schedule = SparsitySchedule.Exponential,
        Counting = Counting(golden),
        Data = DataBudget.All,
        BatchSize = (int)golden.Batches.Max(),
    };
}

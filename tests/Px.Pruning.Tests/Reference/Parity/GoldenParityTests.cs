using TorchSharp;
using static TorchSharp.torch;

namespace Px.Pruning.Tests.Reference.Parity;

/// <summary>The library against the independent implementation in Oracle/, on the same weights and inputs.</summary>
public sealed class GoldenParityTests
{
    public static TheoryData<string, ScalarType> ScoreCases()
    {
        var data = new TheoryData<string, ScalarType>();
        foreach (var name in ReferencePruners.Cases())
        {
            data.Add(name, ScalarType.Float64);
            data.Add(name, ScalarType.Float32);
        }
        return data;
    }

    public static TheoryData<string> MaskCases() => new(ReferencePruners.Cases());

    [Theory, MemberData(nameof(ScoreCases))]
    public void Score_FirstRound_EqualsTheOracle(string name, ScalarType type)
    {
        var golden = GoldenFile.Load(name);
        using var problem = ReferenceProblem.Create(golden, type);

        using var scores = ReferencePruners.Create(golden).Score(problem.Model, PruningData.From(problem.Batches), options: Options(golden));

        AssertEqual(scores, golden.FirstRound, golden, type);
    }

    [Theory, MemberData(nameof(ScoreCases))]
    public void Score_OnTheMaskOfNineRounds_EqualsTheOracle(string name, ScalarType type)
    {
        var golden = GoldenFile.Load(name);
        using var problem = ReferenceProblem.Create(golden, type);
        using var mask = GoldenMask.Create(golden, golden.MaskBeforeLastRound);

        using var scores = ReferencePruners.Create(golden).Score(problem.Model, PruningData.From(problem.Batches), mask, Options(golden));

        AssertEqual(scores, golden.LastRound, golden, type);
    }

    [Theory, MemberData(nameof(MaskCases))]
    public void Prune_TenRoundsInFloat64_KeepsExactlyTheOraclesWeights(string name)
    {
        var golden = GoldenFile.Load(name);
        using var problem = ReferenceProblem.Create(golden, ScalarType.Float64);
        // Nearer than this to a tie, rounding would decide and equality would be luck.
        golden.Margins.Should().HaveCount(golden.Rounds).And.OnlyContain(margin => margin > 1e-8);

        using var result = ReferencePruners.Create(golden).Prune(problem.Model, PruningData.From(problem.Batches), golden.Sparsity, Options(golden));

        result.Mask.Names.Select(result.Mask.KeptIn).Should().Equal(golden.Kept[^1]);
        GoldenMask.Flatten(result.Mask).SequenceEqual(golden.Unpack(golden.Mask)).Should().BeTrue("the masks must agree in every weight");
    }

    private static void AssertEqual(PruningScores scores, GoldenScores expected, GoldenFile golden, ScalarType type)
    {
        var cancels = golden.Method == "snip";
        ScoreComparison.AssertEqual(scores, expected, Tolerance.Of(type, cancels), cancels);
    }

    private static PruningOptions Options(GoldenFile golden) => new()
    {
        Rounds = golden.Rounds,
        Schedule = SparsitySchedule.Exponential,
        Data = DataBudget.All,
        BatchSize = (int)golden.Batches.Max(),
    };
}
